"""`partwise schema`: the JSON schema of a type, as pydantic writes it or as a vendor gets it."""

from __future__ import annotations

import json
import logging
import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import click
from pydantic import BaseModel, TypeAdapter

from .._client.factory import from_provider
from .._errors import ConfigurationError
from .._plan.partial import Partial
from .._plan.plan import compile_plan
from .._providers.json_schema.nodes import COMMON, to_json, walk
from .._providers.mode import Mode
from .types import ResponseModel

# No request is sent, so any will do.
_KEY: Final = "unused"
_ADDRESS: Final = "http://127.0.0.1:9"
_SAME: Final = COMMON | {"title", "const", "oneOf", "allOf", "discriminator"}
_branch = re.compile(r"/(?:anyOf|oneOf|allOf)/\d+")


@click.command()
@click.argument("response_model", type=ResponseModel(), metavar="MODULE:NAME")
@click.option("--provider", metavar="NAME/MODEL", help="As this vendor's model would get it.")
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in Mode]),
    help="How structure is asked for there.",
)
@click.option("--partial", is_flag=True, help="The schema of the snapshots, which Partial has.")
def schema(*, response_model: Any, provider: str | None, mode: str | None, partial: bool) -> None:
    """Print the JSON schema of the type NAME in MODULE.

    With --provider it is what that vendor would get. What the vendor can't enforce is told on
    standard error. No request is sent, and no key is needed.
    """
    if mode and not provider:
        raise click.UsageError("--mode is a provider's: name one with --provider.")
    if partial and provider:
        raise click.UsageError("--partial is about snapshots, which no provider gets.")
    if provider:
        _print(_for_vendor(response_model, provider, mode))
    elif partial:
        _print(TypeAdapter(_partial_of(response_model)).json_schema(mode="serialization"))
    else:
        _print(_plain(response_model))


def _print(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _plain(response_model: Any) -> dict[str, Any]:
    try:
        return compile_plan(response_model).json_schema
    except Exception as error:
        # What pydantic says of a type that it can't validate, or can't write a schema of.
        told = str(error).partition("\n")[0]
        raise click.UsageError(f"no JSON schema of {response_model!r}: {told}") from error


def _partial_of(response_model: Any) -> Any:
    if isinstance(response_model, type) and issubclass(response_model, BaseModel):
        return Partial[response_model]
    raise click.UsageError(f"--partial needs a pydantic model, and {response_model!r} is none.")


def _for_vendor(response_model: Any, provider: str, mode: str | None) -> Any:
    _plain(response_model)
    messages = [{"role": "user", "content": ""}]
    client = from_provider(provider, mode=mode, api_key=_KEY, base_url=_ADDRESS)
    with client, _log_on_stderr():
        session = client._calls.session(response_model, messages, {})  # noqa: SLF001
    request = session.request
    if request.mode.prompts_schema:
        click.echo(f"{request.mode}: the schema stands in the prompt, nobody enforces it", err=True)
        return request.schema
    sent = _found_in(client._calls.provider.build_request(request))  # noqa: SLF001
    for line in _differences(request.schema, sent):
        click.echo(line, err=True)
    return sent


def _found_in(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The outermost object schema in a payload, whatever the vendor calls its place."""
    pending: deque[Any] = deque([payload])
    while pending:
        value = pending.popleft()
        if isinstance(value, Mapping):
            if value.get("type") == "object" and value.keys() & {"properties", "$defs", "required"}:
                return value
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    raise ConfigurationError("the payload for this vendor has no JSON schema in it")


def _differences(asked: Mapping[str, Any], sent: Mapping[str, Any]) -> Iterator[str]:
    """What the vendor is not asked to enforce, and what it is asked for beyond the type."""
    before, after = _keywords(asked), _keywords(sent)
    for place, words in before.items():
        for word in words.keys() - after.get(place, {}).keys() - _SAME:
            yield f"told in words only: {word} {to_json(words[word])} at {place}"
    for place, words in before.items():
        added = set(after.get(place, {}).get("required", ())) - set(words.get("required", ()))
        for name in sorted(added):
            yield f"always asked for, though it may be left out: {place}/properties/{name}"


def _keywords(schema: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The keywords at each place, those of a union's branches together."""
    found: dict[str, dict[str, Any]] = {}
    for place, node in walk(dict(schema)):
        found.setdefault(_branch.sub("", place), {}).update(node)
    return found


@contextmanager
def _log_on_stderr() -> Iterator[None]:
    """Print what partwise logs, which is where a schema's fallback is told."""
    log, handler = logging.getLogger("partwise"), _Echo()
    log.addHandler(handler)
    propagated, log.propagate = log.propagate, False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.propagate = propagated


class _Echo(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        click.echo(record.getMessage(), err=True)
