"""`partwise record` and `partwise replay`: streams, shown while they come.

The view and messages go to standard error; standard output has the answer alone.
"""

from __future__ import annotations

import math
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from partwise import from_provider

from .asking import print_lines, watch
from .request_options import request_options, schema_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from partwise import Client

    from .request_options import RequestOptions


@click.command()
@request_options
@click.argument("prompt")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="The file to write."
)
@click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
def record(request: RequestOptions, *, prompt: str, output: Path, force: bool) -> None:
    """Ask NAME/MODEL the question PROMPT, and keep the stream of the answer in a file.

    The file has the vendor's events with their timing. Keys are scrubbed; neither headers nor the
    question are kept. PROMPT may be -, for standard input. A stream that breaks is kept as it
    broke.
    """
    if output.exists() and not force:
        raise click.UsageError(f"{output} exists already: name another file, or pass --force.")
    question = sys.stdin.read() if prompt == "-" else prompt
    client = request.client("record/", to=output)
    with _reports_size(output):
        _show(client, request.schema, request.messages(question), **request.options)


@contextmanager
def _reports_size(output: Path) -> Iterator[None]:
    """Print at the end the number of events in the file and their time, even after an error."""
    from partwise_replay import Recording  # noqa: PLC0415 - the client has found it

    before = output.stat().st_mtime_ns if output.exists() else 0
    try:
        yield
    finally:
        if output.exists() and output.stat().st_mtime_ns != before:
            recording = Recording.load(output)
            seconds = sum(event.delay for event in recording.events)
            message = f"wrote {output}: {len(recording.events)} events in {seconds:.1f} s"
            click.echo(message, err=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@schema_option(help="The type of the answer; any object, if not given.")
@click.option("--speed", type=float, default=1.0, help="2 is twice as fast as it was recorded.")
@click.option("--at-once", is_flag=True, help="Without any pause.")
@click.option("--snapshots", is_flag=True, help="Print each snapshot as a line of JSON.")
def replay(
    *,
    file: Path,
    schema: Any,
    speed: float,
    at_once: bool,
    snapshots: bool,
) -> None:
    """Play the recording FILE, at its own pace, through the plugin that it was made with.

    Nothing is sent, and no key is needed; but the plugin has to be installed.
    """
    client = from_provider(f"replay/{file}", speed=math.inf if at_once else speed)
    _show(client, schema or dict[str, Any], [], snapshots=snapshots)


def _show(
    client: Client, schema: Any, messages: Any, *, snapshots: bool = False, **options: Any
) -> None:
    """Show the answer while it comes, and print it; or print each snapshot."""
    with client, client.create_partial(schema, messages, max_retries=0, **options) as stream:
        if not snapshots:
            watch(stream, Console(stderr=True))
        print_lines(stream, schema, "ndjson" if snapshots else "json")
