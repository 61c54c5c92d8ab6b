"""`stream.json_deltas()`: the JSON text of the snapshots, as it grows.

The pieces joined are the final value's JSON, compact, with its keys in the order of their arrival.
Text that only grows takes nothing back, so:
- numbers, and all other values but texts, lists and objects, come when they are complete,
- the output of a custom serializer comes when its value is complete,
- a model's text that pydantic strips or converts to another case comes when it is complete,
- fields that did not arrive come with their defaults at the end of their object.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from .._errors import NotAppendableError
from .._paths import format_pointer
from .._sentinels import MISSING
from .._snapshot.events import Closed, Restarted
from .wire_document import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .._snapshot.events import Event
    from .wire_document import Steps
    from .wire_patches import Source

_BRACKETS: Final[dict[type, str]] = {dict: "{}", list: "[]"}


class JsonDeltas:
    """Makes pieces of JSON text of events.

    Args:
        wait: whether to give nothing until an attempt is whole, and so to survive a failed one.
    """

    def __init__(self, source: Source, *, by_alias: bool | None = None, wait: bool = False) -> None:
        self.final = not wait
        self._source = source
        self._by_alias = by_alias
        self._wait = wait
        self._given = 0
        self._begin()

    def __call__(self, events: Sequence[Event]) -> Iterable[str]:
        self.note(events)
        return self.take()

    def note(self, events: Sequence[Event]) -> None:
        """Take note of changes.

        Raises:
            NotAppendableError: an attempt failed of which some was given.
        """
        restarted = [index for index, each in enumerate(events) if isinstance(each, Restarted)]
        if restarted:
            if self._given:
                raise NotAppendableError("a failed attempt can't be taken back from JSON text")
            self._begin()
            events = events[restarted[-1] + 1 :]
        self._document.mark(events)
        self._is_whole |= any(isinstance(each, Closed) and not each.path for each in events)

    def take(self) -> Iterable[str]:
        """The addition of the newest snapshot, if any.

        Raises:
            NotAppendableError: something changed that was given already.
        """
        self._document.update(self._source.snapshot, is_last=self._source.finished)
        self._written.append(self._writer.write(self._document.touched))
        if self._is_whole and self._source.finished:
            self._written.append(self._writer.close())
            self._check()
        elif self._wait:
            return ()
        piece = "".join(self._written[self._given :])
        self._given = len(self._written)
        return (piece,) if piece else ()

    def rest(self) -> Iterable[str]:
        """The end of the text, now that nothing more comes."""
        return self.take() if self._is_whole and self._source.finished else ()

    def _begin(self) -> None:
        self._document = Document(by_alias=self._by_alias)
        self._writer = _Writer(self._document)
        self._written: list[str] = []
        self._given = 0
        self._is_whole = False

    def _check(self) -> None:
        # By its JSON: in Python, NaN does not equal itself.
        written = json.dumps(json.loads("".join(self._written)), sort_keys=True)
        if written != json.dumps(self._document.value, sort_keys=True):
            raise NotAppendableError("a validator changed a value that was shown as complete")


@dataclass(slots=True)
class _Open:
    """A value whose text has begun and not ended.

    Attributes:
        held: whether nothing of it is written before it is complete.
        size: members or elements written.
        keys: of the members written.
        text: the text written.
    """

    step: str | int
    held: bool
    size: int = 0
    keys: set[str] = field(default_factory=set)
    text: str = ""


class _Writer:
    """Writes a document's JSON along the path of open values.

    A value ends when the next one begins beside it, or beside a value around it.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._path: list[_Open] = []
        self._pieces: list[str] = []
        self._begun = False
        self._closed = False

    def write(self, touched: dict[Steps, bool]) -> str:
        """The text that the document has more than before; `touched` as in `Document`."""
        if self._document.value is not MISSING and not self._closed:
            for steps, can_be_followed in touched.items():
                self._go_to(("", *steps), can_be_followed=can_be_followed)
            if self._path and not self._path[-1].held and type(self._value(len(self._path))) is str:
                self._write_text(self._path[-1])
        return self._taken()

    def close(self) -> str:
        """The rest of the document, which is complete."""
        if self._document.value is not MISSING and not self._closed:
            self._go_to(("",), can_be_followed=True)
            self._leave(0)
            self._closed = True
        return self._taken()

    def _taken(self) -> str:
        text = "".join(self._pieces)
        self._pieces.clear()
        return text

    def _go_to(self, steps: Steps, *, can_be_followed: bool) -> None:
        depth = 0
        while depth < min(len(steps), len(self._path)) and self._path[depth].step == steps[depth]:
            depth += 1
        if depth == len(steps):
            return
        self._leave(depth)
        for at in range(depth, len(steps)):
            is_last = at == len(steps) - 1
            if not self._enter(steps[at], held=is_last and not can_be_followed):
                return

    def _enter(self, step: str | int, *, held: bool) -> bool:
        """Begin the value at that step. Whether its contents can be written by themselves."""
        value = self._child(step)
        if value is MISSING or not self._make_room(step):
            return False
        opened = _Open(step, held)
        if type(value) in _BRACKETS and not held:
            self._pieces.append(_BRACKETS[type(value)][0])
        elif type(value) is str and not held:
            self._pieces.append('"')
        elif not held:
            self._pieces.append(_dumped(value))
            return False
        self._path.append(opened)
        return not held

    def _make_room(self, step: str | int) -> bool:
        """Write the text before the value at that step. Whether that value is not yet written."""
        if not self._path:
            is_first, self._begun = not self._begun, True
            return is_first
        around = self._path[-1]
        if isinstance(step, str):
            if around.held or step in around.keys:
                return False
            around.keys.add(step)
            self._separate(around)
            self._pieces.append(f"{_dumped(step)}:")
            return True
        if around.held or step < around.size:
            return False
        while around.size < step:
            element = self._value(len(self._path))[around.size]
            self._separate(around)
            self._pieces.append(_dumped(element))
        self._separate(around)
        return True

    def _separate(self, around: _Open) -> None:
        if around.size:
            self._pieces.append(",")
        around.size += 1

    def _write_text(self, opened: _Open) -> None:
        text = self._value(len(self._path))
        if type(text) is not str or not text.startswith(opened.text):
            raise self._changed()
        self._pieces.append(_dumped(text[len(opened.text) :])[1:-1])
        opened.text = text

    def _leave(self, depth: int) -> None:
        """End the values further in than that."""
        while len(self._path) > depth:
            self._end(self._path[-1], self._value(len(self._path)))
            self._path.pop()

    def _end(self, opened: _Open, value: Any) -> None:
        if opened.held:
            self._pieces.append(_dumped(value))
        elif type(value) is str and not opened.size:
            self._write_text(opened)
            self._pieces.append('"')
        elif type(value) is dict and (opened.keys or not opened.size):
            for key in [each for each in value if each not in opened.keys]:
                self._make_room(key)
                self._pieces.append(_dumped(value[key]))
            self._pieces.append("}")
        elif type(value) is list and not opened.keys and len(value) >= opened.size:
            while opened.size < len(value):
                element = value[opened.size]
                self._separate(opened)
                self._pieces.append(_dumped(element))
            self._pieces.append("]")
        else:
            raise self._changed()

    def _child(self, step: str | int) -> Any:
        if not self._path:
            return self._document.value
        around = self._value(len(self._path))
        try:
            return around[step]
        except (LookupError, TypeError):
            return MISSING

    def _value(self, depth: int) -> Any:
        """The value of the open one at that depth, from 1."""
        value = self._document.value
        for opened in self._path[1:depth]:
            try:
                value = value[opened.step]
            except (LookupError, TypeError):
                raise self._changed() from None
        return value

    def _changed(self) -> NotAppendableError:
        place = format_pointer(opened.step for opened in self._path[1:]) or "the root"
        return NotAppendableError(f"a validator changed the value at {place} that was shown before")


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
