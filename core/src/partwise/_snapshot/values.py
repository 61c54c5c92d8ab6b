"""Values by path: the value of a snapshot at `("users", 0, "name")`."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, RootModel

from .._paths import entry_at, format_path
from .._plan.instances import held_by
from .._sentinels import MISSING

if TYPE_CHECKING:
    from .._paths import Path


def value_at(value: Any, path: Path) -> Any:
    """The value at the path, attributes that are no fields included.

    Raises:
        LookupError: there is none.
    """
    try:
        for step in path:
            value = _member(value, step)
    except (LookupError, AttributeError, TypeError):
        raise LookupError(f"the answer has nothing at {format_path(path)}") from None
    return value


def _member(value: Any, step: str | int) -> Any:
    value = _inside_of_roots(value)
    if isinstance(value, Mapping):
        return entry_at(value, step)
    if isinstance(step, int):
        return value[step]
    if isinstance(value, BaseModel) and step in (held := held_by(value)):
        return held[step]
    return getattr(value, step)


def given_at(value: Any, path: Path) -> Any:
    """The part of the value at the path, if the JSON had something there; else MISSING."""
    try:
        for step in path:
            value = _given(value, step)
    except (AttributeError, LookupError):
        return MISSING
    return value


def _given(value: Any, step: str | int) -> Any:
    """The part that the JSON gave at that step.

    Raises:
        AttributeError, LookupError: it gave none.
    """
    value = _inside_of_roots(value)
    if isinstance(value, dict):
        return entry_at(value, step)
    if isinstance(step, int):
        if isinstance(value, list | tuple | deque) and step >= 0:
            return value[step]
    elif isinstance(value, BaseModel):
        if step in value.model_fields_set:
            return vars(value)[step] if step in vars(value) else held_by(value)[step]
    elif hasattr(value, "__dataclass_fields__") or hasattr(value, "_fields"):
        return getattr(value, step)
    raise LookupError(step)


def _inside_of_roots(value: Any) -> Any:
    while isinstance(value, RootModel):
        value = value.root
    return value
