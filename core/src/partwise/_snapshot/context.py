"""The parents of open frames, and the context that all frames of an answer share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .._plan.validation import Keywords

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._json.parser import Parser
    from .._json.sink import Sink
    from .._paths import Path
    from .._plan.nodes import ContainerNode
    from .events import Event


class Shown(Protocol):
    """Something that can be open inside a container."""

    def snapshot(self) -> Any:
        """Its snapshot: the same object while that is the same; MISSING if nothing shows."""


class Parent:
    """Receives the value of a frame inside: a frame, or an adapter between the two.

    Attributes:
        parent: the one around it.
        child: the frame inside, if it is open.
    """

    __slots__ = ("child", "context", "parent")

    context: Context

    def __init__(self, parent: Parent) -> None:
        self.context = parent.context
        self.parent = parent
        self.child: Shown | None = None

    def complete_container(self, value: Any) -> None:
        """The container inside, which was shown, is complete."""
        raise NotImplementedError

    def complete_text(self, raw: str) -> None:
        """The text of the container inside is complete, and nothing of it is validated."""
        raise NotImplementedError

    def snapshot(self) -> Any:
        """As in `Shown`."""
        raise NotImplementedError

    def path(self, *, by_key: bool = False) -> Path:
        """The place of the value inside: by fields' names, or by the JSON keys as in errors."""
        return self.parent.path(by_key=by_key)

    @property
    def validates_early(self) -> bool:
        """Whether the value inside is validated when it closes, and shown then as complete."""
        return self.parent.validates_early

    @property
    def is_hidden(self) -> bool:
        """Whether nothing inside shows by itself."""
        return False


class EventLog:
    """Notes nothing: for answers of which nobody asks for events.

    Attributes:
        is_on: whether it notes anything, so that every value has to be reported by itself.
    """

    is_on = False

    def opened(self, parent: Parent) -> None:
        """The contents of the parent opened."""

    def appeared(self, parent: Parent, value: Any) -> None:
        """This is shown inside the parent, and is not complete; MISSING if nothing is."""

    def grown(self, text: str) -> None:
        """The text that is open, if one is, has ended as this; no validator has seen it yet."""

    def closed(self, frame: Parent, value: Any) -> None:
        """The value inside the frame closed; the frame has not taken it in yet, or just has."""

    def finished(self, value: Any) -> None:
        """The answer is complete and validated, though its snapshots were frozen."""

    def drain(self) -> list[Event]:
        """The events since the last time, up to the text that is open."""
        return []


@dataclass(frozen=True, slots=True)
class Context(Keywords):
    """The context of a frame, beside its parent.

    Attributes:
        parser: the parser that calls the frames.
        events: notes visible changes.
        enter: opens a container in a frame: the sink of its contents.
    """

    parser: Parser
    events: EventLog
    enter: Callable[[Parent, ContainerNode], Sink]
