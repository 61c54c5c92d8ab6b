"""`partwise new-plugin` and `partwise conformance`: for the authors of plugins."""

from __future__ import annotations

from pathlib import Path

import click

from .extras import needing
from .request_options import base_url_option


@click.command("new-plugin")
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder to make the project's folder in; the current one, if not given.",
)
def new_plugin(name: str, into: Path) -> None:
    """Write a plugin for the provider NAME, which passes the conformance suite as it is.

    It has its entry point, provider, decoder, tests and README. Its SDK and its wire format are
    placeholders, to be replaced by the vendor's.
    """
    with needing("partwise-conformance"):
        from partwise_conformance.skeleton import PluginNameError, write_plugin  # noqa: PLC0415
    try:
        plugin, files = write_plugin(name, into)
    except PluginNameError as error:
        raise click.BadParameter(f"{error}.", param_hint="NAME") from error
    except FileExistsError as error:
        raise click.ClickException(f"{error.filename} exists: nothing was written.") from error
    folder = into / plugin.distribution
    click.echo(f'wrote {folder}, {len(files)} files: from_provider("{plugin.provider}/…")')
    click.echo(f"next: cd {folder} && pip install --editable '.[dev]' && pytest")


@click.command()
@click.argument("model", metavar="NAME/MODEL")
@click.option("--live", is_flag=True, help="Ask the real endpoint, with the key in its variable.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before tokens are spent.")
@click.option(
    "--budget", type=click.IntRange(min=1), metavar="TOKENS", help="Stop after this many."
)
@base_url_option
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a file as well: .md, .json, or text.",
)
def conformance(  # noqa: PLR0913 - an option each
    *,
    model: str,
    live: bool,
    yes: bool,
    budget: int | None,
    base_url: str | None,
    report: Path | None,
) -> None:
    """Check the real endpoint of NAME/MODEL with a few tokens.

    The highest possible cost is printed first. The whole suite runs under pytest, in the plugin's
    project.
    """
    if not live:
        raise click.UsageError(
            "pass --live to check the real endpoint; for the whole suite, run pytest in the "
            "plugin's project."
        )
    with needing("partwise-conformance"):
        from partwise_conformance.live import TEXTS, Live  # noqa: PLC0415
        from partwise_conformance.report import as_text, summed_up, write_report  # noqa: PLC0415
    trial = Live(model, budget=budget, base_url=base_url)
    click.echo(trial.plan, err=True)
    if not yes:
        click.confirm("Go on?", abort=True, err=True)
    cases = list(trial.run())
    click.echo(as_text(summed_up(cases, TEXTS)), nl=False)
    click.echo(f"{trial.spent:,} tokens were spent", err=True)
    if report is not None:
        write_report(cases, report, TEXTS)
    failed = {case.test for case in cases if case.state == "failed"}
    if failed:
        checks = "check" if len(failed) == 1 else "checks"
        raise click.ClickException(f"{model} failed {len(failed)} {checks}.")
