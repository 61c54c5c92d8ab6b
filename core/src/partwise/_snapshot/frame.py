"""The open path: one frame for each container that is open, which hears of its inside.

Snapshots share what they can. A frame keeps what it showed last and makes something new only
when its inside has changed, so a delta costs the open path and nothing else. What has closed is
the same object from then on, handed up once.

A frame is told by the parser (`Sink`), and asked by its parent: `snapshot()` is what it shows, or
MISSING. `child` is what is open inside it: a frame, or the parser, which shows the text of an open
string. Between a frame and its parent there may be adapters (`_regions`).
"""

from __future__ import annotations

import re
from collections import deque
from enum import Enum
from operator import is_
from typing import TYPE_CHECKING, Any, Final, Protocol

from pydantic_core import to_json

from .._plan.nodes import ATOM
from .._sentinels import MISSING

if TYPE_CHECKING:
    from .._json.parser import Sink
    from .._paths import Path
    from .._plan.nodes import Check, ContainerNode, ValueNode
    from .builder import SnapshotBuilder

_json_string: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_each_control: Final = re.compile(r"[\x00-\x1f]")
_control: Final = _each_control.search
_needs_escape: Final = re.compile(r'["\\\x00-\x1f\ud800-\udfff]').search

_PLAIN: Final = frozenset({dict, list, tuple, deque, set, frozenset})
"""Containers that are no more than what they hold."""


def quote(text: str) -> str:
    """The text as a JSON string."""
    return to_json(text).decode() if _needs_escape(text) else f'"{text}"'


def escaped(text: str) -> str:
    """The JSON text with the control characters inside its strings escaped, as pydantic wants."""
    if not _control(text):
        return text
    return _json_string.sub(lambda match: _each_control.sub(_escape, match[0]), text)


def _escape(control: re.Match[str]) -> str:
    return f"\\u{ord(control[0]):04x}"


class _Open(Enum):
    OPEN = "open"


OPEN: Final = _Open.OPEN
"""Says of a place that its value has begun, and shows nothing yet."""


class Source(Protocol):
    """Where the raw text of what is open can be had: the parser, or a replay."""

    def mark(self) -> Any:
        """The place of what opens now."""

    def capture(self, mark: Any) -> str:
        """The text from the mark to the end of what closes now. Gives the mark up."""

    def retain(self, mark: Any) -> Any:
        """Use a mark once more."""

    def release(self, mark: Any) -> None:
        """Give a mark up."""


class Shown(Protocol):
    """What can be open inside a container."""

    def snapshot(self) -> Any:
        """What is shown of it: the same object while that is the same; MISSING if nothing."""


class Parent(Protocol):
    """What a frame hands its value to when it is complete."""

    engine: SnapshotBuilder
    child: Shown | None

    def complete_container(self, value: Any) -> None:
        """The container inside, which was shown, is complete."""

    def path(self) -> Path:
        """The place of the value inside."""

    def loc(self) -> Path:
        """The same as pydantic's errors name it: by the keys of the JSON."""

    @property
    def live(self) -> bool:
        """Whether the value inside is validated when it closes, and shown then as complete."""

    @property
    def hides(self) -> bool:
        """Whether nothing inside shows by itself."""


class Frame:
    """What the containers have in common: a slot that is filled next, and a child that is open."""

    __slots__ = (
        "changed",
        "child",
        "closing",
        "engine",
        "inner",
        "outers",
        "parent",
        "shown",
        "slot",
    )

    slot: ValueNode
    """The place of the value that comes next."""

    def __init__(self, parent: Parent, outers: tuple[Check, ...]) -> None:
        self.engine = parent.engine
        self.parent = parent
        self.outers = outers
        self.child: Shown | None = None
        self.inner: Any = MISSING  # what the child showed last
        self.shown: Any = MISSING  # what this frame showed last
        self.changed = True
        self.closing = False

    @property
    def live(self) -> bool:
        return not self.slot.tentative

    @property
    def hides(self) -> bool:
        return False

    # Told by the parser

    def open_object(self) -> Sink:
        return self._enter(self.slot.object)

    def open_array(self) -> Sink:
        return self._enter(self.slot.array)

    def open_string(self) -> None:
        if self.slot.text:
            self.child = self.engine.parser
            if self.engine.recorder:
                self.engine.recorder.opened(self, "")

    def string(self, value: str) -> None:
        if self.engine.recorder:
            self.engine.recorder.grown(value)
        self.put(value if self.slot.plain else self.read(quote(value)))

    def scalar(self, raw: str) -> None:
        self.put(self.read(raw))

    def _enter(self, way: ContainerNode | None) -> Sink:
        self.child, sink = self.engine.enter(self, way or ATOM)
        if self.engine.recorder:
            self.engine.recorder.opened(self, self.child.snapshot())
        return sink

    def read(self, raw: str) -> Any:
        """The validated value of a JSON text that stands here."""
        return self.slot.read(raw, self.engine.json_keywords)

    def put(self, value: Any) -> None:
        """The value that stands here is complete and validated; MISSING if it doesn't show."""
        raise NotImplementedError

    def complete_container(self, value: Any) -> None:
        """The container that was shown here is complete, but for what this frame checks."""
        self.put(value)

    # Asked by the parent

    def snapshot(self) -> Any:
        raise NotImplementedError

    def _take(self, value: Any) -> Any:
        """The child has closed: its value, or what it showed last if there is no value yet."""
        shown = self.inner
        if value is MISSING and self.child is not None:
            value = self.child.snapshot()
        elif type(value) is str and value == shown:
            value = shown
        if value is not shown:
            self.changed = True
        self.child = None
        self.inner = MISSING
        return value

    def _finished(self, value: Any) -> None:
        """Hand the value of this container up, through the validators around it."""
        if self.parent.live:
            for check in self.outers:
                value = check(value, **self.engine.python_keywords)
        self.parent.complete_container(self.shown if holds_the_same(value, self.shown) else value)

    # Where

    def path(self) -> Path:
        """The place of the value inside that comes next or is open."""
        place = self.parent.path()
        return place if self.closing else (*place, *self._step())

    def loc(self) -> Path:
        """The same as pydantic's errors name it: by the keys of the JSON."""
        place = self.parent.loc()
        return place if self.closing else (*place, *self._written_step())

    def _step(self) -> Path:
        raise NotImplementedError

    def _written_step(self) -> Path:
        return self._step()

    def written(self, loc: Path) -> Path:
        """The rest of an error's `loc`, by the keys of the JSON."""
        return loc

    def find(self, step: str | int) -> Any:
        """What stands at the step below: the child if it is open, a value if it is complete.

        `OPEN` says that it has begun and shows nothing yet, MISSING that it has not.
        """
        raise NotImplementedError


class SkipFrame(Frame):
    """A container of which nothing shows."""

    __slots__ = ("depth",)

    def __init__(self, parent: Parent) -> None:
        super().__init__(parent, ())
        self.depth = 0

    def key(self, name: str) -> None:
        pass

    def open_object(self) -> Sink:
        self.depth += 1
        return self

    open_array = open_object

    def open_string(self) -> None:
        pass

    def string(self, value: str) -> None:
        pass

    def scalar(self, raw: str) -> None:
        pass

    def snapshot(self) -> Any:
        return MISSING

    def close(self) -> None:
        if self.depth:
            self.depth -= 1
        else:
            self.parent.complete_container(MISSING)

    def _step(self) -> Path:
        return ()

    def find(self, step: str | int) -> Any:  # noqa: ARG002  nothing inside is shown
        return MISSING


def holds_the_same(value: Any, shown: Any) -> bool:
    """Whether two containers hold the very same objects, so that either can stand for both."""
    if type(value) is not type(shown) or type(value) not in _PLAIN or len(value) != len(shown):
        return False
    if isinstance(value, dict):
        return all(map(is_, value, shown)) and all(map(is_, value.values(), shown.values()))
    if isinstance(value, set | frozenset):
        return {*map(id, value)} == {*map(id, shown)}
    return all(map(is_, value, shown))
