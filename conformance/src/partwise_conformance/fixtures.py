"""The model that the suite asks for, and its scripted answers. All of it is invented."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from partwise.provider import Finish, Mode, TextDelta, ToolCallDelta, Usage

from .tokens import cut_like_tokens

if TYPE_CHECKING:
    from .wire import Part

KEY: Final = "sk-conformance-7c1e9b"
TOOL: Final = "Meeting"
CALL_ID: Final = "call_7c1e"


class Attendee(BaseModel):
    """Someone who is there."""

    full_name: str
    years: int = Field(ge=0, description="how old, in whole years")


class Meeting(BaseModel):
    """A meeting that nobody has held."""

    # So that its name in a request is the tool's, and not the schema's.
    model_config = ConfigDict(title="What the note says")

    headline: str = Field(description="what it is called, in five words")
    urgency: Literal["whenever", "at_once"]
    attendees: list[Attendee]
    remarks: str | None


SCHEMA: Final = Meeting.model_json_schema()

ANSWER: Final = (
    '{"headline":"Kick-off of the lighthouse project","urgency":"at_once","attendees":'
    '[{"full_name":"Ada Lovelace","years":36},{"full_name":"Alan Turing","years":41}],'
    '"remarks":null}'
)
INVALID: Final = ANSWER.replace("36", "-36")
DELTAS: Final = tuple(cut_like_tokens(ANSWER))
USAGE: Final = Usage(input_tokens=21, output_tokens=34)

QUESTION: Final = "Which meeting is meant by this note?"
MESSAGES: Final = ({"role": "user", "content": QUESTION},)


def answer(
    mode: Mode,
    deltas: Iterable[str] = DELTAS,
    *,
    finish: Finish | None = None,
    usage: Usage = USAGE,
) -> list[Part]:
    """A whole answer: its deltas, then the finish reason, then the usage."""
    return [*payload(mode, deltas), finish or natural_finish(mode), usage]


def payload(mode: Mode, deltas: Iterable[str] = DELTAS) -> list[Part]:
    """The deltas of an answer: text, or the arguments of a call, as the mode has it."""
    if mode.uses_tool:
        return call(deltas)
    return [TextDelta(delta) for delta in deltas]


def call(
    deltas: Iterable[str], *, index: int = 0, call_id: str = CALL_ID, name: str = TOOL
) -> list[Part]:
    """One tool call: its name and id, then its arguments."""
    return [
        ToolCallDelta(index, "", call_id, name),
        *(ToolCallDelta(index, delta) for delta in deltas),
    ]


def natural_finish(mode: Mode) -> Finish:
    """How an answer in this mode ends well."""
    reason: Literal["tool_calls", "stop"] = "tool_calls" if mode.uses_tool else "stop"
    return Finish(reason)


def half(parts: Sequence[Part]) -> Sequence[Part]:
    """The first half of the parts, at least the first two."""
    return parts[: max(2, len(parts) // 2)]
