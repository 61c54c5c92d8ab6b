"""`partwise new-plugin`: for the authors of plugins."""

from __future__ import annotations

from pathlib import Path

import click

from ._needs import needing


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
    toys, in whose place the vendor's go.
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
    click.echo(f"next: cd {folder} && pip install --editable . --group dev && pytest")
