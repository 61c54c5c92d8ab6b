"""The open path: one frame for each open container, which receives its inside.

Snapshots share values if they can. A frame keeps its last snapshot and makes a new one only when
its inside has changed, so a delta costs the open path and nothing else. A value that has closed is
the same object from then on, handed up once.

The parser calls a frame (`Sink`), and its parent asks it for its `snapshot()`, which is MISSING if
nothing shows. `child` is open inside it: a frame, or the parser, which shows the text of an open
string. Between a frame and its parent there may be adapters.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from operator import is_
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import ValidationError, to_json

from .._json.sink import Sink
from .._plan.nodes import ATOM, SkipLayout
from .._sentinels import MISSING
from .context import Parent

if TYPE_CHECKING:
    from .._paths import Path
    from .._plan.nodes import ContainerNode, ValueNode
    from .context import Shown

_JSON_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_CONTROL: Final = re.compile(r"[\x00-\x1f]")
_NEEDS_ESCAPE: Final = re.compile(r'["\\\x00-\x1f\ud800-\udfff]')

_PLAIN: Final = frozenset({dict, list, tuple, deque, set, frozenset})
"""Containers that are no more than the values inside."""
_LEAST: Final = {"{": "{}", "[": "[]", '"': '""'}
"""The least value that opens so."""


def quote(text: str) -> str:
    """The text as a JSON string."""
    return to_json(text).decode() if _NEEDS_ESCAPE.search(text) else f'"{text}"'


def escaped(text: str) -> str:
    """The JSON text with the control characters inside its strings escaped, as pydantic wants."""
    if not _CONTROL.search(text):
        return text
    return _JSON_STRING.sub(lambda match: _CONTROL.sub(_escape, match[0]), text)


def _escape(control: re.Match[str]) -> str:
    return f"\\u{ord(control[0]):04x}"


OPEN: Final = object()
"""The value of a place that has begun and shows nothing yet."""


class FreezeSnapshots(Exception):  # noqa: N818 - not an error
    """Raised by a frame: a shown value may have to change, so the whole text decides."""


@dataclass(eq=False)
class InvalidPartError(Exception):
    """A part of an open container is not valid: one of its level, or a value that just opened.

    Attributes:
        error: pydantic's; of a value that just opened, for the least value that opens so.
        level: the frame of the container, if the places in the error begin there.
    """

    error: ValidationError
    level: Frame | None = None


class Frame(Parent, Sink):
    """The rules that all containers share.

    Attributes:
        node: the place of the value that comes next or is open.
        child_snapshot: the last snapshot of the child.
        layout: how the container shows.
        last_snapshot: the last snapshot of this frame.
        is_dirty: whether another one is to be made, though the child shows the same.
        is_closing: whether its closing bracket has come.
        is_final: whether it is validated when it closes, and not as a part of the one around it.
    """

    __slots__ = (
        "after_validators", "child_snapshot", "is_closing", "is_dirty", "is_final", "last_snapshot",
        "layout", "node",
    )  # fmt: skip

    layout: Any
    node: ValueNode

    def __init__(self, parent: Parent, container: ContainerNode) -> None:
        # Not by `super`: a long answer makes many.
        self.parent = parent
        if parent is not None:
            self.context = parent.context
            self.is_final = parent.validates_early
        self.child: Shown | None = None
        self.layout = container.layout
        self.after_validators = container.after_validators
        self.child_snapshot: Any = MISSING
        self.last_snapshot: Any = MISSING
        self.is_dirty = True
        self.is_closing = False

    @property
    def validates_early(self) -> bool:
        return not self.node.provisional

    # Called by the parser

    def open_object(self) -> Sink:
        return self._enter(self.node.object, "{")

    def open_array(self) -> Sink:
        return self._enter(self.node.array, "[")

    def open_string(self) -> None:
        node = self.node
        if node.watches_text:
            if node.bound is not None:
                self.context.parser.watch(self._check_text)
            if '"' in node.refuses:
                self._refuse('""')
        if node.text:
            self.child = self.context.parser
            self.context.events.appeared(self, "")

    def string(self, value: str) -> None:
        self.context.events.grown(value)
        self.complete_value(value if self.node.plain else self.read(quote(value)))

    def scalar(self, raw: str) -> None:
        self.complete_value(self.read(raw))

    def reads_whole(self, opener: str) -> bool:
        node = self.node
        if self.context.events.is_on or (opener in node.refuses and not node.provisional):
            return False
        container = node.object if opener == "{" else node.array
        if container is None or isinstance(container.layout, SkipLayout):
            return True
        return node.is_pure or (container.validates_whole and not node.provisional)

    def whole(self, raw: str, *, is_shallow: bool) -> bool:
        is_pure = self.node.is_pure
        if not (is_pure or is_shallow):
            return False
        try:
            value = self.read(raw)
        except ValidationError:
            if is_pure:  # to find the fault piece by piece
                return False
            raise
        self.complete_value(value)
        return True

    def _enter(self, container: ContainerNode | None, opener: str) -> Sink:
        if opener in self.node.refuses and not self.node.provisional:
            self._refuse(_LEAST[opener])
        sink = self.context.enter(self, container or ATOM)
        self.context.events.opened(self)
        return sink

    def _refuse(self, raw: str) -> None:
        """Raise the error that such a value gets, if it gets one."""
        try:
            self.read(raw)
        except ValidationError as error:
            raise InvalidPartError(error) from error

    def _check_text(self, text: str) -> None:
        """See that the open string can still become valid."""
        bound = self.node.bound
        if bound is not None and not bound.allows(text):
            self._refuse(quote(text))

    def read(self, raw: str) -> Any:
        """The validated value of a JSON text at this place."""
        return self.node.read(raw, self.context.json_keywords)

    def complete_value(self, value: Any) -> None:
        """The value at this place is complete and validated; MISSING if it doesn't show."""
        raise NotImplementedError

    def complete_container(self, value: Any) -> None:
        """The container that was shown here is complete, but for the checks of this frame."""
        self.complete_value(value)

    def complete_text(self, raw: str) -> None:
        """The text of the container at this place is complete: it is validated as a whole."""
        self.complete_value(self.read(escaped(raw)))

    def _take(self, value: Any) -> Any:
        """The child has closed: its value, or its last snapshot if there is no value yet."""
        if value is MISSING and self.child is not None:
            value = self.child.snapshot()
        self.child = None
        shown, self.child_snapshot = self.child_snapshot, MISSING
        if value is not shown:
            if shown is not MISSING and type(value) is str and value == shown:
                return shown
            self.is_dirty = True
        return value

    def _finished(self, value: Any) -> None:
        """Hand the value of this container up, through the validators around it."""
        if self.is_final:
            for check in self.after_validators:
                value = check(value, **self.context.python_keywords)
        if type(value) in _PLAIN and holds_the_same(value, self.last_snapshot):
            value = self.last_snapshot
        self.parent.complete_container(value)

    # Paths

    def path(self, *, by_key: bool = False) -> Path:
        """The place of the value inside that comes next or is open."""
        place = self.parent.path(by_key=by_key)
        return place if self.is_closing else (*place, *self._step(by_key=by_key))

    def _step(self, *, by_key: bool) -> Path:
        raise NotImplementedError

    def written(self, loc: Path, *, of_level: bool) -> Path:  # noqa: ARG002
        """The rest of an error's `loc`, by the keys of the JSON.

        Args:
            loc: as pydantic gave it.
            of_level: whether it begins at this frame's own level.
        """
        return loc

    def find(self, step: str | int) -> Any:
        """The value at the step below: the child if it is open, a value if it is complete.

        `OPEN` if it has begun and shows nothing yet, MISSING if it has not begun.
        """
        raise NotImplementedError


class SkipFrame(Frame):
    """A container of which nothing shows."""

    __slots__ = ("nested",)

    def __init__(self, parent: Parent, container: ContainerNode = ATOM) -> None:
        super().__init__(parent, container)
        self.nested = 0  # containers that are open inside

    def open_object(self) -> Sink:
        self.nested += 1
        return self

    open_array = open_object
    open_string, string, scalar = Sink.open_string, Sink.string, Sink.scalar

    def reads_whole(self, opener: str) -> bool:  # noqa: ARG002
        return True

    def whole(self, raw: str, *, is_shallow: bool) -> bool:  # noqa: ARG002
        return is_shallow

    def snapshot(self) -> Any:
        return MISSING

    def close(self) -> None:
        if self.nested:
            self.nested -= 1
        else:
            self._end()

    def _end(self) -> None:
        self.is_closing = True
        self.parent.complete_container(MISSING)

    def _step(self, *, by_key: bool) -> Path:  # noqa: ARG002
        return ()

    def find(self, step: str | int) -> Any:  # noqa: ARG002
        return MISSING


def holds_the_same(value: Any, shown: Any) -> bool:
    """Whether two plain containers hold the very same objects: either can stand for both."""
    if type(value) is not type(shown) or len(value) != len(shown):
        return False
    if isinstance(value, dict):
        return all(map(is_, value, shown)) and all(map(is_, value.values(), shown.values()))
    if isinstance(value, set | frozenset):
        return {*map(id, value)} == {*map(id, shown)}
    return all(map(is_, value, shown))
