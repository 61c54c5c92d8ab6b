"""`partwise schema`: the JSON schema of a type, as pydantic writes it or as a vendor gets it."""

from __future__ import annotations

import json
import logging
import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, cast

import click
from pydantic import BaseModel, TypeAdapter

import partwise
from partwise import ConfigurationError
from partwise.provider import walk_schema

from .._plan.plan import compile_plan
from .request_options import MODES
from .types import response_model as named_type
from .typescript import typescript as as_typescript

if TYPE_CHECKING:
    from partwise.provider import Provider, ProviderConfig, Request

# No request is sent, so any will do.
_KEY: Final = "unused"
_ADDRESS: Final = "http://127.0.0.1:9"
_SAME: Final = frozenset({
    "$defs", "$ref", "additionalProperties", "allOf", "anyOf", "const", "description",
    "discriminator", "enum", "items", "oneOf", "properties", "required", "title", "type",
})  # fmt: skip
"""Keywords that every vendor takes, or gets in other words of the same meaning."""
_BRANCH = re.compile(r"/(?:anyOf|oneOf|allOf)/\d+")


@click.command()
@click.argument("response_model", type=named_type, metavar="MODULE:NAME")
@click.option("--provider", metavar="NAME/MODEL", help="As this vendor's model would get it.")
@click.option("--mode", type=MODES, help="How structure is asked for there.")
@click.option("--partial", is_flag=True, help="The schema of the snapshots, which Partial has.")
@click.option("--typescript", is_flag=True, help="As TypeScript types, for a page.")
def schema(
    *,
    response_model: Any,
    provider: str | None,
    mode: str | None,
    partial: bool,
    typescript: bool,
) -> None:
    """Print the JSON schema of the type NAME in MODULE.

    With --provider it is as that vendor would get it. Keywords that it can't enforce are listed
    on standard error. No request is sent, and no key is needed.
    """
    if mode and not provider:
        raise click.UsageError("--mode needs a provider: name one with --provider.")
    if partial and provider:
        raise click.UsageError("--partial is about snapshots, which no provider gets.")
    if typescript and (provider or partial):
        raise click.UsageError("--typescript is about answers: leave --provider and --partial out.")
    if typescript:
        written = _plain(response_model, mode="serialization")
        click.echo(as_typescript(written, compile_plan(response_model).name), nl=False)
    elif provider:
        _print(_for_vendor(response_model, provider, mode))
    elif partial:
        _print(TypeAdapter(_partial_of(response_model)).json_schema(mode="serialization"))
    else:
        _print(_plain(response_model))


def _print(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _plain(
    response_model: Any, mode: Literal["validation", "serialization"] = "validation"
) -> dict[str, Any]:
    try:
        return TypeAdapter(response_model).json_schema(mode=mode)
    except Exception as error:
        # pydantic can validate some types that it can't write a schema of.
        first_line = str(error).partition("\n")[0]
        raise click.UsageError(f"no JSON schema of {response_model!r}: {first_line}") from error


def _partial_of(response_model: Any) -> Any:
    if isinstance(response_model, type) and issubclass(response_model, BaseModel):
        return partwise.Partial[response_model]
    raise click.UsageError(f"--partial needs a pydantic model, not {response_model!r}.")


def _for_vendor(response_model: Any, provider: str, mode: str | None) -> Any:
    _plain(response_model)
    request, payload = _unsent(response_model, provider, mode)
    if request.mode.prompts_schema:
        click.echo(f"{request.mode}: the schema is in the prompt, and not enforced", err=True)
        return request.schema
    sent = _found_in(payload)
    for line in _differences(request.schema, sent):
        click.echo(line, err=True)
    return sent


def _unsent(
    response_model: Any, provider: str, mode: str | None
) -> tuple[Request, Mapping[str, Any]]:
    """The request for an answer of that type, and the provider's payload for it."""
    messages = [{"role": "user", "content": ""}]
    client = partwise.from_provider(
        provider, mode=mode, api_key=_KEY, base_url=_ADDRESS, cache=cast("Any", _BuildsOnly)
    )
    with client, _log_on_stderr():
        try:
            client.create(response_model, messages, max_retries=0)
        except _NotSentError as built:
            return built.request, built.payload
    raise AssertionError("unreachable: no request is sent")


class _NotSentError(ConfigurationError):
    """Raised in place of sending a request."""

    def __init__(self, request: Request, payload: Mapping[str, Any]) -> None:
        super().__init__("the request is not sent")
        self.request = request
        self.payload = payload


class _BuildsOnly:
    """Another provider, whose requests are built and not sent; so nothing else is asked of it."""

    def __init__(self, provider: Provider, _config: ProviderConfig) -> None:
        self.capabilities = provider.capabilities
        self.close = provider.close
        self._build = provider.build_request

    def build_request(self, request: Request) -> NoReturn:
        raise _NotSentError(request, self._build(request))


def _found_in(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The outermost object schema in a payload, wherever the vendor puts it."""
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
    """The keywords that the vendor does not enforce, and the fields it requires beyond the type."""
    before, after = _keywords(asked), _keywords(sent)
    for place, words in before.items():
        for word in words.keys() - after.get(place, {}).keys() - _SAME:
            value = json.dumps(words[word], ensure_ascii=False)
            yield f"in the description only: {word} {value} at {place}"
    for place, words in before.items():
        added = set(after.get(place, {}).get("required", ())) - set(words.get("required", ()))
        for name in sorted(added):
            yield f"always required, though the type has a default: {place}/properties/{name}"


def _keywords(schema: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The keywords at each place, those of a union's branches together."""
    found: dict[str, dict[str, Any]] = {}
    for place, node in walk_schema(dict(schema)):
        found.setdefault(_BRANCH.sub("", place), {}).update(node)
    return found


@contextmanager
def _log_on_stderr() -> Iterator[None]:
    """Print partwise's log, which names the fallback of a schema."""
    log, handler = logging.getLogger("partwise"), logging.StreamHandler()
    log.addHandler(handler)
    propagated, log.propagate = log.propagate, False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.propagate = propagated
