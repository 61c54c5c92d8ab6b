"""The provider: makes an answer up, and streams it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from random import Random
from typing import Any, Final

from partwise.provider import (
    Capabilities,
    Chunk,
    ConfigurationError,
    Decoder,
    Finish,
    Granularity,
    Mode,
    ProviderConfig,
    ProviderError,
    Request,
    TextDelta,
    ToolCallDelta,
    Usage,
)

from ._values import value_for

_MODES: Final = {Mode.TOOLS: Granularity.TOKEN, Mode.JSON_SCHEMA: Granularity.TOKEN}
_DEFAULTS: Final[Mapping[str, Any]] = {"seed": None, "pace": 0.02, "delta": 4}


class FakeProvider:
    """Answers with a random value that fits the schema. No key, no network, no model.

    The answer depends on the seed, on the schema, and on how often the model was asked again: a
    validator that rejects one answer gets another. The name after `fake/` is the seed. Options, of
    `from_provider` or of one call:

    - `seed`: another seed,
    - `pace`: seconds before each delta; 0 for at once,
    - `delta`: characters in a delta.

    Raises:
        ConfigurationError: there is another option, or one that can't be.
    """

    def __init__(self, config: ProviderConfig) -> None:
        self._options = _checked({**_DEFAULTS, **config.options})

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - all words are alike
        """Tool calls and JSON schemas, by token."""
        return Capabilities(_MODES)

    def build_request(self, request: Request) -> Mapping[str, Any]:
        """The answer's schema, and how to stream it.

        Raises:
            UnsatisfiableError: no answer can be made that fits the schema.
        """
        options = _checked({**self._options, **request.options})
        word = request.model if options["seed"] is None else options["seed"]
        random = Random(f"{word}/{len(request.messages)}")  # noqa: S311 - no secret is made of it
        text = json.dumps(
            value_for(request.schema, random), ensure_ascii=False, separators=(",", ":")
        )
        return {"text": text, "pace": options["pace"], "delta": options["delta"]}

    def decoder(self, request: Request) -> Decoder:
        """A new decoder."""
        return _FakeDecoder(request)

    def map_error(self, error: Exception) -> ProviderError | None:  # noqa: ARG002 - none comes
        """There is nothing here that can fail."""
        return None

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        """The answer's pieces, each in its time."""
        yield _paced(payload)

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        """The same, for asyncio."""
        yield _AsyncPaced(payload)

    def close(self) -> None:
        """There is nothing to let go of."""

    async def aclose(self) -> None:
        """There is nothing to let go of."""


class _FakeDecoder(Decoder):
    def __init__(self, request: Request) -> None:
        self._tool = request.name if request.mode.uses_tool else None
        self._asked = len(json.dumps([*request.messages], default=str)) // 4
        self._count = 0

    def feed(self, event: Mapping[str, Any]) -> Iterator[Chunk]:
        text = event["delta"]
        self._count += 1
        if self._tool is None:
            yield TextDelta(text)
        else:
            yield ToolCallDelta(0, text, "call_fake", self._tool)

    def close(self) -> Iterator[Chunk]:
        yield Finish("stop" if self._tool is None else "tool_calls", "done")
        yield Usage(input_tokens=self._asked, output_tokens=self._count)


def _events(payload: Mapping[str, Any]) -> Iterator[Any]:
    text, size = payload["text"], payload["delta"]
    for start in range(0, len(text), size):
        yield {"delta": text[start : start + size]}


def _paced(payload: Mapping[str, Any]) -> Iterator[Any]:
    for event in _events(payload):
        time.sleep(payload["pace"])
        yield event


class _AsyncPaced(AsyncIterator[Any]):
    """The same, for asyncio. No generator: whoever leaves it has nothing to close."""

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self._events = _events(payload)
        self._pace = payload["pace"]

    async def __anext__(self) -> Any:
        for event in self._events:
            await asyncio.sleep(self._pace)
            return event
        raise StopAsyncIteration


def _checked(options: Mapping[str, Any]) -> Mapping[str, Any]:
    if unknown := options.keys() - _DEFAULTS:
        known = ", ".join(_DEFAULTS)
        raise ConfigurationError(f"fake has no option {', '.join(sorted(unknown))}; it has {known}")
    if not (isinstance(options["pace"], (int, float)) and options["pace"] >= 0):
        raise ConfigurationError(f"pace must be seconds >= 0, got {options['pace']!r}")
    if not (isinstance(options["delta"], int) and options["delta"] > 0):
        raise ConfigurationError(f"delta must be characters >= 1, got {options['delta']!r}")
    return options
