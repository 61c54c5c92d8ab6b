"""`partwise bulk`: a run over a file or directory, and another over the rows that failed."""

from __future__ import annotations

import importlib
import json
from functools import partial, reduce
from typing import TYPE_CHECKING, Any, Final

import click
from pydantic import TypeAdapter

from ._checkpoint import Checkpoint
from ._extract import Extraction
from ._job import Job
from ._outputs import record_of

if TYPE_CHECKING:
    from ._outcome import Summary

_NOTE: Final = "command"
"""Under this name a checkpoint has the command that it was made by."""

_FAILED: Final = 1


class _WithDefault(click.Group):
    """`partwise bulk MODEL ROWS` is `partwise bulk run MODEL ROWS`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = {*self.commands, *ctx.help_option_names}
        if args and args[0] not in named:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("bulk", cls=_WithDefault)
def bulk() -> None:
    """Ask about each row of a file or directory: `partwise bulk NAME/MODEL ROWS --schema …`.

    `partwise bulk run --help` has the options.
    """


def _name_and_value(text: str) -> tuple[str, Any]:
    """The parts of `NAME=VALUE`, the value as JSON if it is that, else as text."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise click.BadParameter(f"{text!r} is not an option: write NAME=VALUE.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


@bulk.command("run")
@click.argument("model", metavar="NAME/MODEL")
@click.argument("rows", type=click.Path(exists=True))
@click.option("--schema", required=True, metavar="MODULE:NAME", help="The type of the answers.")
@click.option("--prompt", metavar="TEXT", help="A template with the row's columns: '…{text}'.")
@click.option("--system", metavar="TEXT", help="Instructions before each prompt.")
@click.option("--key", metavar="COLUMN", help="The column that names a row.")
@click.option("--checkpoint", type=click.Path(), help="Where outcomes are kept, to go on later.")
@click.option("-o", "--output", type=click.Path(), help="The file to write: .jsonl or .parquet.")
@click.option("--overwrite", is_flag=True, help="Replace an output that is there.")
@click.option("--concurrency", type=click.IntRange(min=1), default=200, help="Requests at a time.")
@click.option("--requests-per-minute", type=click.IntRange(min=1), help="The key's limit.")
@click.option("--tokens-per-minute", type=click.IntRange(min=1), help="The key's limit.")
@click.option("--max-cost", type=float, metavar="DOLLARS", help="Stop when so much is spent.")
@click.option("--price", type=(float, float), help="Dollars per million tokens in, and out.")
@click.option(
    "--via", type=click.Choice(["stream", "whole", "batch"]), default="stream", help="How to ask."
)
@click.option("--mode", help="How structure is asked for.")
@click.option("--base-url", metavar="URL", help="Where to ask, in place of the vendor's address.")
@click.option("--cache", type=click.Path(), help="A file of answers, to be asked only once.")
@click.option(
    "--set",
    "options",
    type=_name_and_value,
    multiple=True,
    metavar="NAME=VALUE",
    help="An option for the vendor.",
)
@click.option("--quiet", is_flag=True, help="Show no progress.")
def run(**arguments: Any) -> int:
    """Ask NAME/MODEL about each row of the file or directory ROWS.

    Without --output, outcomes are printed as lines of JSON. The exit code is 1 if rows failed.
    """
    return _run(arguments, only_failed=False)


@bulk.command()
@click.argument("checkpoint", type=click.Path(exists=True))
@click.option("--concurrency", type=click.IntRange(min=1), help="Requests at a time.")
@click.option("--max-cost", type=float, metavar="DOLLARS", help="Stop when so much is spent.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def retry(**arguments: Any) -> int:
    """Run the command again that made CHECKPOINT, for the rows that failed only."""
    with Checkpoint(arguments["checkpoint"]) as checkpoint:
        note = checkpoint.noted(_NOTE)
    if note is None:
        raise click.UsageError(f"{arguments['checkpoint']} was not made by `partwise bulk`.")
    given = {name: value for name, value in arguments.items() if value is not None}
    return _run({**json.loads(note), **given}, only_failed=True)


def _run(arguments: dict[str, Any], *, only_failed: bool) -> int:
    keywords = dict(arguments)
    note = {_NOTE: json.dumps(arguments)}
    response_model: Any = _type_of(keywords.pop("schema"))
    options = dict(keywords.pop("options"))
    is_quiet = keywords.pop("quiet")
    mode = keywords.pop("mode")
    options |= {} if mode is None else {"mode": mode}
    keywords["price"] = tuple(keywords["price"]) if keywords["price"] else None
    job: Job[Any] = Job(
        response_model=response_model,
        only_failed=only_failed,
        progress=not is_quiet,
        note=note,
        options=options,
        **keywords,
    )
    extraction = Extraction(job)
    try:
        _go_through(extraction, job)
    except KeyboardInterrupt:
        _show(extraction.summary)
        if job.checkpoint is not None:
            click.echo("The same command goes on from the checkpoint.", err=True)
        raise
    _show(extraction.summary)
    return _FAILED if extraction.summary.failures else 0


def _go_through(extraction: Extraction[Any], job: Job[Any]) -> None:
    with extraction:
        if job.output is not None:
            extraction.run()
            return
        adapter: TypeAdapter[Any] = TypeAdapter(job.response_model)
        dump = partial(adapter.dump_python, mode="json", by_alias=True)
        for outcome in extraction:
            click.echo(json.dumps(record_of(outcome, dump)))


def _show(summary: Summary) -> None:
    lines = summary.lines()
    try:
        from rich.console import Console
        from rich.table import Table
    except ModuleNotFoundError:
        click.echo(str(summary), err=True)
        return
    table = Table(show_header=False)
    for name, text in lines:
        table.add_row(name, text)
    Console(stderr=True).print(table)


def _type_of(name: str) -> object:
    """The type, by its module and name. `partwise` lets modules of the current folder be found."""
    module_name, colon, path = name.partition(":")
    if not (module_name and colon and path):
        raise click.BadParameter(f'{name!r} names no type: write "module:Name".')
    try:
        module = importlib.import_module(module_name)
        return reduce(getattr, path.split("."), module)
    except (ImportError, AttributeError) as error:
        raise click.BadParameter(f"{name!r} can't be imported: {error}.") from error
