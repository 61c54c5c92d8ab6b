"""A snapshot as a notebook shows it: missing values are dim.

Notebooks ask the last value of a cell for `_repr_mimebundle_`. Partial classes have that method; a
finished model is of the user's own class and shows as the user has it.
"""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import BaseModel, RootModel
from pydantic_core import to_jsonable_python

from .._paths import format_pointer
from .json_layouts import layout_of
from .markers import original_of

if TYPE_CHECKING:
    from collections.abc import Iterator

Steps: TypeAlias = tuple[str | int, ...]


def mimebundle(snapshot: Any) -> dict[str, Any]:
    """A partial instance in three forms, by media type; its `repr` if it has no JSON yet."""
    try:
        value = written(snapshot)
        absent = {format_pointer(steps) for steps, _ in absent_places(snapshot, (), None)}
    except Exception:  # noqa: BLE001  the user's serializer met a field that is not there yet
        return {"text/plain": repr(snapshot)}
    forms = in_three_forms(value, type(snapshot).__name__, absent)
    return {**forms, "text/plain": repr(snapshot)}


def in_three_forms(value: Any, title: str, absent: set[str]) -> dict[str, Any]:
    """JSON as text, as a table and as itself, by media type; `absent` has JSON pointers."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    heading = f"<small style='opacity:.6'>{html.escape(title)}</small>"
    return {
        "text/plain": f"{title}\n{text}",
        "text/html": f"<div>{heading}{_html(value, '', absent)}</div>",
        "application/json": value,
    }


def written(value: Any, *, by_alias: bool | None = None, include: Any = None) -> Any:
    """A snapshot's JSON; of a model, the part that is to be included."""
    if isinstance(value, BaseModel):
        # A field of an iterable has a list, of which pydantic warns.
        return value.model_dump(mode="json", by_alias=by_alias, include=include, warnings=False)
    return to_jsonable_python(value, by_alias=bool(by_alias))


def absent_places(value: Any, steps: Steps, by_alias: bool | None) -> Iterator[tuple[Steps, bool]]:  # noqa: FBT001
    """The places of fields that did not arrive, and whether the model requires them."""
    if isinstance(value, RootModel):
        yield from absent_places(value.root, steps, by_alias)
    elif isinstance(value, BaseModel):
        layout, model = layout_of(type(value)), original_of(type(value))
        for name, info in model.model_fields.items():
            place = (*steps, layout.key(name, by_alias=by_alias))
            if name in value.model_fields_set:
                yield from absent_places(vars(value)[name], place, by_alias)
            else:
                yield place, info.is_required()
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from absent_places(item, (*steps, index), by_alias)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from absent_places(item, (*steps, str(key)), by_alias)


def _html(value: Any, path: str, absent: set[str]) -> str:
    if isinstance(value, dict):
        rows = "".join(
            f"<tr><th style='text-align:left;vertical-align:top;font-weight:500;opacity:.7'>"
            f"{html.escape(str(key))}</th><td style='text-align:left'>"
            f"{_html(inside, path + format_pointer((key,)), absent)}</td></tr>"
            for key, inside in value.items()
        )
        return f"<table>{rows}</table>"
    if isinstance(value, list):
        items = "".join(
            f"<li>{_html(each, f'{path}/{index}', absent)}</li>" for index, each in enumerate(value)
        )
        return f"<ol start='0'>{items}</ol>"
    shown = html.escape("…" if value is None else str(value))
    return f"<span style='opacity:.4'>{shown}</span>" if path in absent else shown
