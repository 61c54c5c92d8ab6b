"""`partwise ask` and `partwise demo`: an answer on the terminal while it is being written."""

from __future__ import annotations

import json
import sys
import time
from typing import IO, TYPE_CHECKING, Any, Final

import click
from pydantic import BaseModel, TypeAdapter
from rich.console import Console

from partwise import parse
from partwise.rich import LiveView

from .._plan.notebook_view import written
from .request_options import request_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from partwise import PartialStream

    from .request_options import RequestOptions

_PACE: Final = 0.02
"""Seconds a piece of the demo's answer."""
_PIECE_CHARS: Final = 4


@click.command()
@request_options
@click.argument("prompt", required=False)
@click.option("-f", "--file", type=click.File(), help="Text that follows the prompt.")
@click.option(
    "--output",
    type=click.Choice(["json", "ndjson", "patches"]),
    help="The answer, its snapshots or its patches, as JSON; on a terminal it is shown live.",
)
def ask(
    request: RequestOptions, *, prompt: str | None, file: IO[str] | None, output: str | None
) -> None:
    """Ask NAME/MODEL the question PROMPT, and show the answer while it is being written.

    The question is PROMPT, the text of --file, and standard input if that is piped, in this order.
    """
    messages = request.messages(_question(prompt, file))
    with (
        request.client() as client,
        client.create_partial(request.schema, messages, **request.options) as stream,
    ):
        _show(stream, request.schema, output)


def _question(prompt: str | None, file: IO[str] | None) -> str:
    is_piped = prompt == "-" or not sys.stdin.isatty()
    parts = [
        "" if prompt in (None, "-") else prompt,
        file.read() if file else "",
        sys.stdin.read() if is_piped else "",
    ]
    question = "\n\n".join(part.strip() for part in parts if part.strip())
    if not question:
        raise click.UsageError("no question: give PROMPT, --file or standard input.")
    return question


def _show(stream: PartialStream[Any], schema: Any, output: str | None) -> None:
    if output is None and sys.stdout.isatty():
        watch(stream, Console())
    else:
        print_lines(stream, schema, output or "json")


def watch(stream: PartialStream[Any], console: Console) -> None:
    """Show the answer on the console while it comes."""
    with LiveView(stream, console=console) as view:
        for snapshot in stream:
            view.update(snapshot)


def print_lines(stream: PartialStream[Any], schema: Any, output: str) -> None:
    """Print the answer (`json`), or its snapshots (`ndjson`) or `patches`, each as a line."""
    for line in _lines(stream, schema, output):
        click.echo(line)


def _lines(stream: PartialStream[Any], schema: Any, output: str) -> Iterator[str]:
    if output == "patches":
        yield from map(_json, stream.patches())
    elif output == "ndjson":
        yield from (_json(written(snapshot)) for snapshot in stream)
    else:
        yield TypeAdapter(schema).dump_json(stream.result(), indent=2).decode()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class _Attendee(BaseModel):
    name: str
    email: str


class _Meeting(BaseModel):
    attendees: list[_Attendee]
    date: str
    location: str
    budget: int
    summary: str


_ANSWER: Final = _Meeting(
    attendees=[
        _Attendee(name="John Doe", email="johndoe@email.com"),
        _Attendee(name="Jane Smith", email="janesmith@email.com"),
    ],
    date="2024-03-15",
    location="Grand Tech Arena, 4521 Innovation Drive",
    budget=50000,
    summary="A tech conference with Dr. Emily Johnson as its keynote speaker.",
).model_dump_json()


@click.command()
def demo() -> None:
    """Watch an answer fill in: no key, no network."""

    def pieces() -> Iterator[str]:
        for start in range(0, len(_ANSWER), _PIECE_CHARS):
            time.sleep(_PACE if sys.stdout.isatty() else 0)
            yield _ANSWER[start : start + _PIECE_CHARS]

    with parse(_Meeting, pieces()) as stream:
        watch(stream, Console())
