"""What a broken plugin is: one fault in what is right otherwise, and the tests that must tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from partwise.provider import Granularity, Mode

from .acme import AcmeDecoder, AcmeProvider, Lines

RECORDINGS = Path("recordings")
"""A stream as the vendor might have sent it, beside the module of the suites."""

T = TypeVar("T", bound=type)

BY_TOOL: Mapping[Mode, Granularity] = {Mode.TOOLS: Granularity.TOKEN}
BY_TEXT: Mapping[Mode, Granularity] = {Mode.JSON_SCHEMA: Granularity.TOKEN}


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken plugin.

    Attributes:
        provider: the plugin's provider.
        fails: the tests that must fail, each case of them, and no other: named as in `xfail`.
        message: words of the message that the author then reads.
        suite: further attributes of the suite's class.
    """

    provider: type[AcmeProvider]
    fails: tuple[str, ...]
    message: str
    suite: Mapping[str, Any] = field(default_factory=dict)


FAULTS: dict[str, Fault] = {}
"""All broken plugins, by the name of their provider."""


def fault(
    *fails: str,
    message: str,
    by: Mapping[Mode, Granularity] = BY_TOOL,
    **suite: Any,
) -> Callable[[T], T]:
    """Make a broken plugin of a provider, or of a decoder or splitter that a right one uses.

    `by` is what the plugin declares, one mode where one is enough to tell.
    """

    def enter(cls: T) -> T:
        name = "".join(f"-{c.lower()}" if c.isupper() else c for c in cls.__name__).strip("-")
        FAULTS[name] = Fault(_provider(cls, by), fails, message, suite)
        return cls

    return enter


def _provider(cls: type, modes: Mapping[Mode, Granularity]) -> type[AcmeProvider]:
    attributes: dict[str, Any] = {"modes": modes}
    if issubclass(cls, AcmeProvider):
        # A fault in what is declared declares it itself.
        return type(cls.__name__, (cls,), {} if "modes" in vars(cls) else attributes)
    part = "decoder_class" if issubclass(cls, AcmeDecoder) else "lines_class"
    assert issubclass(cls, AcmeDecoder | Lines)
    return type(cls.__name__, (AcmeProvider,), {**attributes, part: cls})
