"""Where in a core schema pydantic's control exceptions may be raised, and what they undo there."""

from __future__ import annotations

import functools
from inspect import getattr_static
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .core_schema import ARRAYS, LEVELS, MODELS, OBJECTS, level_of
from .reachable_functions import Control, controls_of
from .reachable_objects import may_hide_default, members_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic_core import CoreSchema

    from .reachable_objects import Members

Judge: TypeAlias = "Callable[[Any], set[Control]]"
"""Tells which control exceptions a function may raise."""


class Controls:
    """The control exceptions that the functions of a core schema may raise.

    Args:
        schema: the whole.
        definitions: what its references refer to.
    """

    def __init__(self, schema: CoreSchema, definitions: Mapping[str, CoreSchema]) -> None:
        self._definitions = definitions
        self._whole = [schema, *definitions.values()]
        omits = any(map(_omits, _parts(self._whole)))
        self._none = not omits and not any(map(controls_of, _functions_in(self._whole)))

    def undo(self, core: Any, *, has_default: bool) -> bool:
        """Whether one may undo a container of that schema, or a part of it, as it closes."""
        if self._none:
            return False
        inside = self._inside(core, controls_of)
        omits = "PydanticOmit" in inside and core["type"] in OBJECTS | ARRAYS
        return omits or ("PydanticUseDefault" in inside and has_default)

    def hide_default(self, core: Any, context: Any) -> bool:
        """Whether a default around a container of that schema may be asked for from inside.

        Though no code says so. `undo` has told of the others.
        """

        def judge(function: Any) -> set[Control]:
            hides = may_hide_default(function, context, self._members)
            return {"PydanticUseDefault"} if hides else set()

        return "PydanticUseDefault" in self._inside(core, judge)

    @functools.cached_property
    def _members(self) -> Members:
        return members_of(_classes_in(self._whole))

    def _inside(self, core: Any, judge: Judge) -> set[Control]:
        """Those that may leave the parts of a container of that schema."""
        return self._of_parts(level_of(core) if core["type"] in MODELS else core, set(), judge)

    def _of(self, schema: Any, seen: set[str], judge: Judge) -> set[Control]:
        """Those that may leave the schema."""
        if isinstance(schema, list | tuple):
            return set().union(*(self._of(part, seen, judge) for part in schema))
        if not isinstance(schema, dict):
            return set()
        kind = schema.get("type")
        if kind == "definition-ref":
            ref = schema["schema_ref"]
            return set() if ref in seen else self._of(self._definitions[ref], seen | {ref}, judge)
        found = self._of_parts(schema, seen, judge)
        if kind == "default":
            found.discard("PydanticUseDefault")
            found |= {"PydanticOmit"} if _omits(schema) else set()
        elif kind in ARRAYS | {"dict"} | LEVELS:
            found.discard("PydanticOmit")
        return found

    def _of_parts(self, schema: Any, seen: set[str], judge: Judge) -> set[Control]:
        found: set[Control] = set().union(*map(judge, _functions_at(schema)))
        for key, part in schema.items():
            if key not in _NO_SCHEMAS and isinstance(part, dict | list | tuple):
                found |= self._of(part, seen, judge)
        return found


_NO_SCHEMAS: Final = {"metadata", "serialization", "function", "expected", "config", "default"}


def _omits(schema: Any) -> bool:
    """Whether what is not valid there is left out, as if a validator had wanted that."""
    return bool(schema.get("on_error") == "omit")


def _functions_at(schema: Any) -> Iterator[Any]:
    """The user's functions that the schema itself runs."""
    function = schema.get("function")
    if isinstance(function, dict):
        yield function.get("function")
    if method := schema.get("post_init"):
        yield getattr_static(schema["cls"], "__post_init__" if method is True else method, None)


def _functions_in(schema: Any) -> Iterator[Any]:
    for part in _parts(schema):
        yield from _functions_at(part)


def _classes_in(schema: Any) -> Iterator[type]:
    return (part["cls"] for part in _parts(schema) if isinstance(part.get("cls"), type))


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """The schemas in a schema."""
    if isinstance(schema, dict):
        yield schema
        schema = [part for key, part in schema.items() if key not in _NO_SCHEMAS]
    if isinstance(schema, list | tuple):
        for part in schema:
            yield from _parts(part)
