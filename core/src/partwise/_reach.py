"""Which of pydantic's control exceptions a function of the user's may raise.

`PydanticOmit` leaves an element or a field out, `PydanticUseDefault` puts a default in the place of
all that is around it: either can undo what was shown, and mend what has failed. Nothing says that
a validator raises them but its code. So its code is read: a function that names one of them, or
that calls by a name one that does, may raise it. Functions of pydantic and of the standard library
raise none.

What is overlooked, for it is hidden too well, leaves the rest of the answer to the authoritative
pass: see `Engine.feed`.
"""

from __future__ import annotations

import functools
import sys
from inspect import getattr_static
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

from ._core_schema import ARRAYS, LEVELS, MODELS, OBJECTS, level_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import CoreSchema

Control: TypeAlias = Literal["PydanticOmit", "PydanticUseDefault"]

_CONTROL: Final[frozenset[Any]] = frozenset(get_args(Control))
HARMLESS: Final = sys.stdlib_module_names | {"pydantic", "pydantic_core"}
"""The packages whose functions run none of the user's code by themselves."""
_MOST: Final = 1000
"""So many functions are looked at."""


def controls_of(function: Any) -> set[Control]:
    """The control exceptions that the function may raise."""
    found: set[Control] = set()
    seen: dict[int, Any] = {}
    waiting = [function]
    while waiting and len(seen) < _MOST:
        each = waiting.pop()
        if id(each) in seen or _is_harmless(each):
            continue
        seen[id(each)] = each
        for code in _codes_of(each):
            found.update(_CONTROL.intersection(code.co_names))
        waiting += _reached(each)
    return found


def _is_harmless(function: Any) -> bool:
    return (
        isinstance(function, FunctionType)
        and str(function.__module__).partition(".")[0] in HARMLESS
    )


def _reached(function: Any) -> Iterator[Any]:
    """What the function may call, as far as names tell."""
    if isinstance(function, functools.partial):
        yield function.func
    elif isinstance(function, MethodType):
        yield function.__func__
        for code in _codes_of(function.__func__):
            yield from _members(function.__self__, code)
    elif isinstance(function, FunctionType):
        yield from _reached_by_name(function)
    elif not isinstance(function, type) and callable(function):
        yield from _methods(function)


def _reached_by_name(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue
    yield from function.__defaults__ or ()
    known = function.__globals__
    for code in _codes_of(function):
        there = [known[name] for name in code.co_names if name in known]
        yield from there
        for module in there:
            if isinstance(module, ModuleType):
                yield from (vars(module)[name] for name in code.co_names if name in vars(module))


def _members(owner: Any, code: CodeType) -> Iterator[Any]:
    for name in code.co_names:
        member = getattr_static(owner, name, None)
        yield getattr(member, "__func__", member)


def _methods(instance: Any) -> Iterator[Any]:
    """The methods of an object that can be called."""
    for owner in type(instance).__mro__:
        yield from (each for each in vars(owner).values() if isinstance(each, FunctionType))


def _codes_of(function: Any) -> Iterator[CodeType]:
    """The function's code, and that of the functions inside."""
    waiting = [function.__code__] if isinstance(function, FunctionType) else []
    while waiting:
        code = waiting.pop()
        yield code
        waiting += (each for each in code.co_consts if isinstance(each, CodeType))


class Controls:
    """The control exceptions that the functions of a core schema may raise.

    Args:
        schema: the whole.
        definitions: what its references refer to.
    """

    def __init__(self, schema: CoreSchema, definitions: Mapping[str, CoreSchema]) -> None:
        self._definitions = definitions
        functions = [*_functions_in([schema, *definitions.values()])]
        self._none = not any(map(controls_of, functions))  # as nearly always

    def undo(self, core: Any, *, has_default: bool) -> bool:
        """Whether one may undo a container of that schema, or a part of it, as it closes."""
        if self._none:
            return False
        level = level_of(core) if core["type"] in MODELS else core
        inside = self._of_parts(level, set())
        omits = "PydanticOmit" in inside and core["type"] in OBJECTS | ARRAYS
        return omits or ("PydanticUseDefault" in inside and has_default)

    def _of(self, schema: Any, seen: set[str]) -> set[Control]:
        """Those that may leave the schema."""
        if not isinstance(schema, dict):
            return set().union(*(self._of(part, seen) for part in schema))
        kind = schema.get("type")
        if kind == "definition-ref":
            ref = schema["schema_ref"]
            return set() if ref in seen else self._of(self._definitions[ref], seen | {ref})
        found = self._of_parts(schema, seen)
        if kind == "default":
            found.discard("PydanticUseDefault")
        elif kind in ARRAYS | {"dict"} | LEVELS:
            found.discard("PydanticOmit")
        return found

    def _of_parts(self, schema: Any, seen: set[str]) -> set[Control]:
        found = controls_of(function) if (function := _function_of(schema)) else set()
        for key, part in schema.items():
            if key not in _NO_SCHEMAS and isinstance(part, dict | list | tuple):
                found |= self._of(part, seen)
        return found


_NO_SCHEMAS: Final = {"metadata", "serialization", "function", "expected", "config", "default"}


def _function_of(schema: Any) -> Any:
    function = schema.get("function")
    return function.get("function") if isinstance(function, dict) else None


def _functions_in(schema: Any) -> Iterator[Any]:
    if isinstance(schema, dict):
        if (function := _function_of(schema)) is not None:
            yield function
        schema = [part for key, part in schema.items() if key not in _NO_SCHEMAS]
    if isinstance(schema, list | tuple):
        for part in schema:
            yield from _functions_in(part)
