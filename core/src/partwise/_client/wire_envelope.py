"""A snapshot as plain data that tells missing values from nulls and defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

from .._paths import format_pointer
from .._plan.notebook_view import absent_places, written

if TYPE_CHECKING:
    from .._session.session import Session


class Envelope(TypedDict):
    """A snapshot and how far it is.

    `missing` and `defaults` are JSON pointers (RFC 6901) of fields that have not arrived. In
    `value` those in `missing` are null, or an empty part, and those in `defaults` show the
    model's default. A null at any other place is the model's answer.
    """

    kind: Literal["snapshot"]
    attempt: int
    state: Literal["missing", "partial", "complete"]
    value: Any
    missing: list[str]
    defaults: list[str]


def envelope_of(session: Session, *, by_alias: bool | None = None) -> Envelope:
    """The envelope of a session's newest snapshot."""
    snapshot = session.snapshot
    absent = [*absent_places(snapshot, (), by_alias)]
    return Envelope(
        kind="snapshot",
        attempt=session.attempt.number,
        state=session.state(""),
        value=written(snapshot, by_alias=by_alias),
        missing=[format_pointer(steps) for steps, is_required in absent if is_required],
        defaults=[format_pointer(steps) for steps, is_required in absent if not is_required],
    )
