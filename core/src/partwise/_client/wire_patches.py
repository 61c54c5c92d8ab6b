"""`stream.patches()`: the changes of a stream's JSON from one snapshot to the next.

A patch is a list of operations of RFC 6902, and by default one more: `append` puts `value` at the
end of the text at `path`, or the elements of `value` at the end of the list there.

Most patches add a few characters to a text, and a path is longer than that. So the JSON of an
operation leaves `path` out if it is that of the operation before, in the same patch or in an
earlier one. In Python `operation["path"]` is always there. For the same reason a member of an
object is set by `add`, which replaces one that is there (RFC 6902, section 4.1).
"""

from __future__ import annotations

import copy
import json
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, Protocol

from .._paths import format_pointer
from .._snapshot.events import Closed, Grew, Restarted
from .wire_document import Change, Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .._snapshot.events import Event
    from .wire_document import Steps

_MOST_OVERHEAD: Final = 8
"""Characters of patches for each character of the answer, at most."""
_USUAL_OVERHEAD: Final = 7.6
"""The same before a patch that is not just one more piece of a text."""
_TIGHT_OVERHEAD: Final = 7
"""The same while patches are held back: it leaves room for the last one."""
_FREE_CHARS: Final = 1024
"""An answer that is shorter is counted as this long."""
_SHORT_CHARS: Final = 32 * 1024
"""Up to so many characters, the members of objects far down are counted before they come."""
_LAST_CHARS: Final = 100
"""Characters of a last patch beside its path: it sets a small value there."""
_APPEND_CHARS: Final = len('[{"op":"append","value":""}]')


class Source(Protocol):
    """The part of a session that a fold reads."""

    @property
    def snapshot(self) -> Any:
        """The newest snapshot; None before there is one."""

    @property
    def size(self) -> int:
        """The characters of the answer so far, of the attempt that is running."""

    @property
    def finished(self) -> bool:
        """Whether the answer has ended."""


class Operation(dict[str, Any]):
    """One operation of a patch: `op`, `path` (a JSON pointer, RFC 6901) and `value`.

    `operation["path"]` is always there. Its JSON leaves the path out if it is that of the
    operation before.
    """

    __slots__ = ("_path",)

    def __init__(
        self, op: str, path: str, value: Any = None, *, is_same_path: bool = False
    ) -> None:
        super().__init__(op=op)
        self._path = path
        if not is_same_path:
            self["path"] = path
        if op != "remove":
            self["value"] = value

    def __missing__(self, key: str) -> str:
        if key != "path":
            raise KeyError(key)
        return self._path

    def get(self, key: str, default: Any = None) -> Any:
        """The value of that key; the path is always there."""
        return self[key] if key in self or key == "path" else default


class Patches:
    """Makes patches of events. Folded, they give the JSON of the snapshots.

    Each snapshot that changes the JSON has a patch. The exception bounds their size: if a patch
    would make them more than 8 times as long as the answer (counted as 1,024 characters at least),
    the changes of several snapshots go into one. Answers of many short values far down need that.
    """

    final = False

    def __init__(
        self, source: Source, *, standard: bool = False, by_alias: bool | None = None
    ) -> None:
        self._source = source
        self._standard = standard
        self._document = Document(by_alias=by_alias)
        self._budget = _Budget(source)
        self._path: str | None = None
        self._unsent: list[Change] = []  # made in the document, and too long for a patch so far

    def __call__(self, events: Sequence[Event]) -> Iterable[list[Operation]]:
        self.note(events)
        return self.take()

    def note(self, events: Sequence[Event]) -> None:
        """Take note of changes."""
        self._document.mark(events)
        self._budget.note(events)

    def take(self) -> Iterable[list[Operation]]:
        """The patch to the newest snapshot, if anything changed and the size allows for it."""
        if not (self._standard or self._source.finished or self._budget.allows_a_patch):
            return ()
        return self._patches(is_last=self._source.finished)

    def rest(self) -> Iterable[list[Operation]]:
        """The patch to the newest snapshot, whatever its size."""
        return self._patches(is_last=True)

    def _patches(self, *, is_last: bool) -> Iterable[list[Operation]]:
        changes = self._unsent + self._document.update(self._source.snapshot, is_last=is_last)
        if not changes:
            return ()
        if self._standard:
            return ([self._standard_operation(change) for change in changes],)
        path = self._path
        patch = [self._operation(change) for change in _joined(changes)]
        size = _size(patch)
        room, last = self._budget.has_room_for, self._size_of_last(changes[-1])
        if (self._budget.is_tight or not room(size, last)) and len(patch) > 1:
            patch, size = self._shorter(changes, patch, size, path)
        if not (is_last or room(size, last)):
            self._unsent, self._path = changes, path
            self._budget.is_tight = True
            return ()
        self._unsent = []
        self._budget.spend(size)
        return (patch,)

    def _size_of_last(self, change: Change) -> int:
        """The characters of a last patch that comes after this change, about."""
        size = len(format_pointer(change.steps)) + _LAST_CHARS
        if size < 2 * _LAST_CHARS:
            return size
        # With a long path, setting a member takes more than its share of the bound, so all members
        # are set at once: the object's, and in a short answer, those of all objects around it.
        around = () if self._budget.is_short else change.steps[:-1]
        return size + _size(self._value_at(around))

    def _shorter(
        self, changes: list[Change], patch: list[Operation], size: int, path: str | None
    ) -> tuple[list[Operation], int]:
        """The patch, or one that sets the value around all its changes, and the shorter's size."""
        around = _common(changes)
        is_new = any(change.op == "add" and change.steps == around for change in changes)
        if any(change.op == "remove" and change.steps == around for change in changes):
            return patch, size
        value = copy.deepcopy(self._value_at(around))
        after, self._path = self._path, path
        whole = [self._operation(Change("add" if is_new else "replace", around, value))]
        if (size_of_whole := _size(whole)) < size:
            return whole, size_of_whole
        self._path = after
        return patch, size

    def _operation(self, change: Change) -> Operation:
        op, steps, value = change
        path = format_pointer(steps)
        if op == "replace" and not (steps and isinstance(steps[-1], int)):
            op = "add"
        is_same_path = path == self._path
        self._path = path
        return Operation(op, path, value, is_same_path=is_same_path)

    def _standard_operation(self, change: Change) -> Operation:
        op, steps, value = change
        if op == "append":
            op, value = "replace", self._value_at(steps)
        return Operation(op, format_pointer(steps), value)

    def _value_at(self, steps: Steps) -> Any:
        value = self._document.value
        for step in steps:
            value = value[step]
        return value


def _joined(changes: list[Change]) -> Iterator[Change]:
    """The same changes, with several elements that are added to a list in one."""
    for is_element, group in groupby(changes, _list_of_addition):
        run = list(group)
        if is_element is None or len(run) == 1:
            yield from run
        else:
            yield Change("append", run[0].steps[:-1], [change.value for change in run])


def _common(changes: list[Change]) -> Steps:
    """The innermost place around all of the changes."""
    first, *others = (change.steps for change in changes)
    depth = len(first)
    for steps in others:
        depth = min(depth, len(steps))
        while first[:depth] != steps[:depth]:
            depth -= 1
    return first[:depth]


def _list_of_addition(change: Change) -> Steps | None:
    """The list to whose end the change adds an element; None if it is another one."""
    is_element = change.op == "add" and change.steps and isinstance(change.steps[-1], int)
    return change.steps[:-1] if is_element else None


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


class _Budget:
    """The characters that patches may have, given those that the answer has so far.

    Attributes:
        is_tight: patches were held back since the last one.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._before = 0  # characters of earlier attempts
        self._known = 0  # of this attempt, at least
        self._counted = 0  # of this attempt, at the last count
        self._spent = 0  # on patches
        self._only_grew = False
        self._text_ended = False
        self._grown = 0
        self.is_tight = False

    def note(self, events: Sequence[Event]) -> None:
        """Count the characters that events tell of: text that is shown was in the answer."""
        if not events:
            return
        first, *others = events
        self._grown = len(first.text) if isinstance(first, Grew) else 0
        self._text_ended = isinstance(first, Closed) and isinstance(first.value, str)
        is_text = self._text_ended or isinstance(first, Grew)
        self._only_grew = is_text and not self.is_tight and {*map(type, others)} <= {Closed}
        self._text_ended = self._only_grew and (self._text_ended or bool(others))
        for event in events:
            if isinstance(event, Grew):
                self._known += len(event.text)
            elif isinstance(event, Restarted):
                self._before += self._known
                self._known = self._counted = 0

    @property
    def is_short(self) -> bool:
        """Whether the answer is too short for patches that set each open object by itself."""
        return self._known < _SHORT_CHARS

    @property
    def allows_a_patch(self) -> bool:
        """Whether there is room for a patch; if not, it is to be held back."""
        if not self._has_room():
            self._count()
            if not self._has_room():
                self.is_tight = True
                return False
        return True

    def _has_room(self) -> bool:
        chars = max(self._before + self._known, _FREE_CHARS)
        if self._only_grew:
            return self._spent + _APPEND_CHARS + self._grown <= _MOST_OVERHEAD * chars
        if self.is_tight:  # the next patch may replace the document
            return self._spent + self._known <= _TIGHT_OVERHEAD * chars
        return self._spent <= _USUAL_OVERHEAD * chars

    def has_room_for(self, size: int, last: int) -> bool:
        """Whether there is room for a patch of that size, and for a last one of that size."""
        if not self._fits(size, last):
            self._count()
        return self._fits(size, last)

    def _fits(self, size: int, last: int) -> bool:
        chars = max(self._before + self._known, _FREE_CHARS)
        if self._only_grew:
            return self._spent + size <= _MOST_OVERHEAD * chars
        rest = max(last, (_MOST_OVERHEAD - _USUAL_OVERHEAD) * chars)
        return self._spent + size + rest <= _MOST_OVERHEAD * chars

    def _count(self) -> None:
        # Counting may take time in proportion to the length, so it is done ever more rarely.
        if self._text_ended or self._known - self._counted >= self._counted >> 12:
            self._known = self._counted = self._source.size

    def spend(self, size: int) -> None:
        """Count a patch."""
        self._spent += size
        self.is_tight = False
