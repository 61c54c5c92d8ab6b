"""Faults in the declarations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from partwise.provider import Chunk, Granularity, Mode, Request

from .acme import AcmeDecoder, AcmeProvider, Event
from .fault import BY_TEXT, BY_TOOL, fault


@fault("test_no_sdk_before_open", message="httpx2", plugin=f"{__package__}.at_the_top")
class ImportsItsSdkAtTheTop(AcmeProvider):
    """Imports the SDK with its module: see `at_the_top`."""


@fault("test_granularity", message="declare how finely")
class DeclaresTooLittle(AcmeProvider):
    """Streams by token, and declares that it doesn't."""

    modes: ClassVar = {Mode.TOOLS: Granularity.WHOLE}


@fault(
    "test_granularity",
    "test_each_delta_comes_at_once",
    "test_snapshots_follow_the_deltas",
    "test_what_came_is_kept",
    message="declare how finely",
    at_once=0.15,
)
class DeclaresTooMuch(AcmeDecoder):
    """Tells arguments when they are whole, and is said to stream by token."""

    def __init__(self, provider: str) -> None:
        super().__init__(provider)
        self.calls: dict[int, dict[str, Any]] = {}

    def call(self, event: Event) -> Iterable[Chunk]:
        call = self.calls.setdefault(event["call"], {**event, "json": ""})
        call["json"] += event["json"]
        return ()

    def stop(self, event: Event) -> Iterable[Chunk]:
        calls = [
            chunk
            for call in self.calls.values()
            for chunk in super(DeclaresTooMuch, self).call(call)
        ]
        return (*calls, *super().stop(event))


@fault("test_schema_arrives[json_schema]", message="of the schema is nowhere in the body")
class DeclaresWhatItCannotDo(AcmeProvider):
    """Declares a mode in which it forgets to describe the answer."""

    modes: ClassVar = {**BY_TOOL, **BY_TEXT}

    def build_request(self, request: Request) -> Mapping[str, Any]:
        payload = super().build_request(request)
        payload["body"].pop("form", None)
        return payload


@fault("test_capabilities", message="declare each mode", modes=(*BY_TOOL, *BY_TEXT))
class DeclaresTooFewModes(AcmeProvider):
    """Keeps a mode to itself."""
