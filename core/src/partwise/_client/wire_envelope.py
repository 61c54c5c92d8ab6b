"""A snapshot as plain data that tells missing values from nulls and defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

from pydantic import BaseModel, RootModel
from pydantic_core import to_jsonable_python

from .._paths import format_pointer
from .wire_layouts import layout_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._session.session import Session
    from .wire_document import Steps


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
    absent = [*_absent(snapshot, (), by_alias)]
    return Envelope(
        kind="snapshot",
        attempt=session.attempt,
        state=session.state(""),
        value=written(snapshot, by_alias=by_alias),
        missing=[format_pointer(steps) for steps, is_required in absent if is_required],
        defaults=[format_pointer(steps) for steps, is_required in absent if not is_required],
    )


def written(value: Any, *, by_alias: bool | None = None) -> Any:
    """A snapshot's JSON."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=by_alias)
    return to_jsonable_python(value, by_alias=bool(by_alias))


def _absent(value: Any, steps: Steps, by_alias: bool | None) -> Iterator[tuple[Steps, bool]]:  # noqa: FBT001
    """The places of fields that did not arrive, and whether the model requires them."""
    if isinstance(value, RootModel):
        yield from _absent(value.root, steps, by_alias)
    elif isinstance(value, BaseModel):
        yield from _absent_fields(value, steps, by_alias)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _absent(item, (*steps, index), by_alias)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _absent(item, (*steps, str(key)), by_alias)


def _absent_fields(
    model: BaseModel,
    steps: Steps,
    by_alias: bool | None,  # noqa: FBT001
) -> Iterator[tuple[Steps, bool]]:
    layout = layout_of(type(model))
    fields = layout.required
    for name, value in vars(model).items():
        place = (*steps, layout.key(name, by_alias=by_alias))
        if name in model.model_fields_set:
            yield from _absent(value, place, by_alias)
        else:
            yield place, name in fields
