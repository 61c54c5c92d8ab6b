r"""A recorded stream, and its form in a file.

The text is that of server-sent events, with comments for the rest:

    : partwise recording 1
    : provider openai
    : model gpt-4.1-mini
    : mode tools
    : granularity token
    : name MeetingInfo
    : recorded 2026-03-02T09:30:00+00:00

    : +0.412
    data: {"id": "chatcmpl-1", "choices": [...]}

    : +0.013
    data: {"id": "chatcmpl-1", "choices": [...]}

    : +2.001
    event: fault
    data: {"error": "ProviderConnectionError", "message": "...", "retryable": true}

`+0.412` are the seconds since the event before, or since the request. A class after them is the
SDK's, for events that were no plain data. A fault is the error that the stream ended with.
No header of any request or response is kept, nor the question.

A file that is read may come from anywhere. It is data: its size, the depth of its events, its times
and its types are checked, and it can't name another recording.
"""

from __future__ import annotations

import json
import math
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from partwise.provider import (
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    Granularity,
    Mode,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    ServerError,
)

if TYPE_CHECKING:
    from pathlib import Path

FIRST_LINE: Final = ": partwise recording 1"

_ERRORS: Final[dict[str, type[ProviderError]]] = {
    kind.__name__: kind
    for kind in (
        ProviderError,
        BadRequestError,
        AuthenticationError,
        RateLimitError,
        ServerError,
        ProviderConnectionError,
        ProviderTimeoutError,
    )
}
_HEAD: Final = ("provider", "model", "mode", "granularity", "name", "recorded")
_DELAY: Final = re.compile(r": \+(\d{1,9}(?:\.\d{1,9})?)(?: (\S+))?$")

MAX_BYTES: Final = 64 * 2**20
"""Size of a file that is read; a day's answer has less."""

MAX_DEPTH: Final = 200
"""Containers in containers in an event; the parser of answers has the same limit."""

_LONGEST_DELAY: Final = 86_400.0
"""Seconds: no vendor waits for a day."""

_WRAPPERS: Final = frozenset({"record", "replay"})
"""Providers whose events are another's: a recording of these could name itself."""


class RecordingError(ConfigurationError):
    """A file is no recording, or a stream can't be recorded. Says why."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the vendor's.

    Attributes:
        delay: seconds since the event before.
        data: the event as JSON has it; bytes are in it as `{"$bytes": "base64"}`.
        kind: the class of the SDK that it was, as `module:Class`; "" for plain data.
    """

    delay: float
    data: Any
    kind: str = ""

    @property
    def plain(self) -> Any:
        """The event as plain data, with its bytes as bytes."""
        return _with_bytes(self.data)


@dataclass(frozen=True, slots=True)
class Fault:
    """The error that ended the stream: the text of a `ProviderError`, and its class's name."""

    error: str
    message: str
    delay: float = 0.0
    status_code: int | None = None
    retryable: bool = False
    retry_after: float | None = None

    @classmethod
    def of(cls, error: ProviderError, delay: float) -> Fault:
        """The fault for this error."""
        known = next(each.__name__ for each in type(error).__mro__ if each.__name__ in _ERRORS)
        words = (error.status_code, error.retryable, error.retry_after)
        return cls(known, str(error), delay, *words)

    def as_error(self, provider: str) -> ProviderError:
        """The error again."""
        return _ERRORS[self.error](
            self.message,
            provider=provider,
            status_code=self.status_code,
            retryable=self.retryable,
            retry_after=self.retry_after,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One stream of one provider's.

    Attributes:
        name: that of the answer's tool or schema, as it was asked for.
        recorded: when, in ISO 8601.
        fault: the error that ended it; None if it just ended.
    """

    provider: str
    model: str
    mode: Mode
    granularity: Granularity
    name: str
    recorded: str
    events: list[Event] = field(default_factory=list)
    fault: Fault | None = None

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Read the recording at that place.

        Raises:
            RecordingError: there is none.
        """
        try:
            text = _read(path)
        except (OSError, ValueError) as error:
            raise RecordingError(f"no recording at {str(path)!r}: {error}") from error
        if not text.startswith(FIRST_LINE):
            raise RecordingError(
                f"{path} is no recording of partwise's: its first line is not {FIRST_LINE!r}"
            )
        try:
            return cls._parsed(text)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise RecordingError(f"{path} is damaged: {type(error).__name__}: {error}") from error

    @classmethod
    def _parsed(cls, text: str) -> Recording:
        # Only "\n" ends a line here: JSON text may have U+2028 and U+0085 in it.
        head, *blocks = re.split(r"\n\n+", text.strip("\n"))
        known = dict(line[2:].partition(" ")[::2] for line in head.split("\n"))
        events: list[Event] = []
        fault = None
        for block in blocks:
            delay, kind, name, data = _parsed_block(block)
            if name == "fault":
                fault = _fault(data, delay)
            else:
                _check_value(data)
                events.append(Event(delay, data, kind))
        if known["provider"] in _WRAPPERS:
            raise ValueError(f"no recording is of the provider {known['provider']!r}")
        return cls(
            provider=known["provider"],
            model=known["model"],
            mode=Mode(known["mode"]),
            granularity=Granularity(known["granularity"]),
            name=known["name"],
            recorded=known["recorded"],
            events=events,
            fault=fault,
        )

    def dumps(self) -> str:
        """The file's text."""
        return "".join(self._blocks())

    def _blocks(self) -> Iterator[str]:
        head = [FIRST_LINE, *(f": {key} {getattr(self, key)}" for key in _HEAD)]
        yield "\n".join(head) + "\n\n"
        for event in self.events:
            kind = f" {event.kind}" if event.kind else ""
            yield f": +{event.delay:.3f}{kind}\ndata: {_json(event.data)}\n\n"
        if self.fault is not None:
            words = {key: value for key, value in asdict(self.fault).items() if key != "delay"}
            yield f": +{self.fault.delay:.3f}\nevent: fault\ndata: {_json(words)}\n\n"


def _parsed_block(block: str) -> tuple[float, str, str, Any]:
    """The delay, the SDK's class, the name and the data of one event."""
    first, *lines = block.split("\n")
    match = _DELAY.match(first)
    if match is None:
        raise ValueError(f"an event begins with its delay, as in ': +0.012', and not {first!r}")
    fields = dict(line.partition(": ")[::2] for line in lines)
    delay = float(match[1])
    if delay > _LONGEST_DELAY:
        raise ValueError(f"a delay of {delay:g} s, which is more than a day")
    return delay, match[2] or "", fields.get("event", ""), json.loads(fields["data"])


def _read(path: Path) -> str:
    """The text of a file, of a bounded size."""
    # A pipe or a device may have no end.
    if not path.is_file():
        raise OSError("not a file" if path.exists() else "No such file")
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise OSError(f"larger than {MAX_BYTES} bytes")
    return content.decode("utf-8").replace("\r\n", "\n")


def _fault(data: Any, delay: float) -> Fault:
    fault = Fault(**{**data, "delay": delay})
    after: Any = fault.retry_after
    expected = (
        isinstance(fault.message, str),
        isinstance(fault.status_code, int | None),
        isinstance(fault.retryable, bool),
        after is None or (isinstance(after, (int, float)) and 0 <= after < math.inf),
    )
    if not all(expected):
        raise TypeError("a fault with fields of the wrong types")
    fault.as_error("")
    return fault


def _check_value(value: Any) -> None:
    """See that an event is not too deep, and that its bytes are bytes.

    Raises:
        ValueError: it is not so.
    """
    level = [value] if isinstance(value, (dict, list)) else []
    depth = 0
    while level:
        if depth == MAX_DEPTH:
            raise ValueError(f"an event of more than {MAX_DEPTH} levels")
        for each in level:
            if isinstance(each, dict) and isinstance(each.get("$bytes"), str):
                b64decode(each["$bytes"], validate=True)
        inner = (each.values() if isinstance(each, dict) else each for each in level)
        level = [item for items in inner for item in items if isinstance(item, (dict, list))]
        depth += 1


def _with_bytes(value: Any) -> Any:
    match value:
        case {"$bytes": str(text), **others} if not others:
            return b64decode(text)
        case dict():
            return {key: _with_bytes(item) for key, item in value.items()}
        case list():
            return [_with_bytes(item) for item in value]
    return value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
