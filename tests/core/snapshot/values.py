"""What snapshots hold, looked at from outside: frozen for comparison, and place by place."""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, SecretBytes, SecretStr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from partwise._paths import Path


def frozen(value: Any) -> Any:  # noqa: PLR0911  one for each kind
    """All that can be told of a value, types and fields set included, to compare with `==`."""
    kind = type(value)
    if isinstance(value, BaseModel):
        extra = value.__pydantic_extra__
        private = value.__pydantic_private__
        parts = [frozen(vars(value)), frozenset(value.model_fields_set), frozen(extra)]
        return kind, *parts, frozen(private)
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return kind, tuple((n, frozen(getattr(value, n))) for n in names if hasattr(value, n))
    if isinstance(value, dict):
        return kind, tuple((frozen(k), frozen(v)) for k, v in value.items())
    if isinstance(value, list | tuple | deque):
        return kind, tuple(map(frozen, value))
    if isinstance(value, set | frozenset):
        return kind, frozenset(map(frozen, value))
    if isinstance(value, SecretStr | SecretBytes):
        return kind, value.get_secret_value()
    return kind, repr(value) if isinstance(value, float | complex) else value


def same(one: Any, other: Any) -> bool:
    """Whether nothing tells the two apart, but that they may be two objects."""
    return one is other or bool(frozen(one) == frozen(other))


def children(value: Any) -> Iterator[tuple[Any, Any]]:
    """The values inside of one that came, each with the step of a path that leads to it."""
    if isinstance(value, BaseModel) and value.__pydantic_root_model__:
        yield from children(value.root)  # type: ignore[attr-defined]
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            if name in value.model_fields_set:
                yield name, getattr(value, name)
        yield from (value.__pydantic_extra__ or {}).items()
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            inside = getattr(value, field.name, None)
            if inside is not None or not is_partial(value):
                yield field.name, inside
    elif isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list | deque) or type(value) is tuple:
        yield from enumerate(value)


def places(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each value inside, and the whole, with its path."""
    yield path, value
    for step, child in children(value):
        yield from places(child, (*path, step))


MISSING = object()


def at(value: Any, path: Path) -> Any:
    """The value at that path; MISSING if there is none."""
    for step in path:
        value = dict(children(value)).get(step, MISSING)
    return value


def is_partial(value: Any) -> bool:
    """Whether it is an instance of a `Partial[M]`."""
    return "__partwise_original__" in vars(type(value))
