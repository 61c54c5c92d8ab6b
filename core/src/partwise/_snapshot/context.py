"""The surroundings that all open frames of an answer share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic_core import ValidationError

    from .._json.parser import Parser
    from .._json.sink import Sink
    from .._plan.nodes import ContainerNode
    from .event_log import EventLog
    from .frame import Frame, Parent, Shown


@dataclass(frozen=True, slots=True)
class Context:
    """The context of a frame, beside its parent.

    Attributes:
        parser: the parser that calls the frames.
        events: notes visible changes.
        json_keywords: of `validate_json`.
        python_keywords: of `validate_python`.
        enter: opens a container in a frame: its frame, and the sink of its contents.
    """

    parser: Parser
    events: EventLog
    json_keywords: Mapping[str, Any]
    python_keywords: Mapping[str, Any]
    enter: Callable[[Parent, ContainerNode], tuple[Shown, Sink]]


class FreezeSnapshots(Exception):  # noqa: N818 - not an error
    """Raised by a frame: a shown value may have to change, so the whole text decides."""


@dataclass(eq=False)
class InvalidLevelError(Exception):
    """A part of a container is not valid, and its place in the error begins at the container.

    Attributes:
        frame: of the container.
        error: pydantic's.
    """

    frame: Frame
    error: ValidationError


@dataclass(eq=False)
class RefusedError(Exception):
    """A value that has just opened can never be valid.

    Attributes:
        error: pydantic's, for the least value that opens so.
    """

    error: ValidationError
