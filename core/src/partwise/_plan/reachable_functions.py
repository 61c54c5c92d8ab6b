"""Which of pydantic's control exceptions a function of the user's may raise.

`PydanticOmit` leaves an element or a field out, `PydanticUseDefault` puts a default in the place of
all that is around it: either can undo what was shown, and mend what has failed. Nothing says that
a validator raises them but its code. So its code is read: a function that names one of them, or
that calls by a name one that does, may raise it. Functions of pydantic and of the standard library
raise none.

A function may hide it, behind an attribute or in a table, say. So before an early error inside a
default is final, all that the functions there could get hold of is gone through (`_hidden`). Until
then what is hidden shows as if it weren't; once it is raised, the rest of the answer is left to the
authoritative pass: see `SnapshotBuilder.feed`.
"""

from __future__ import annotations

import functools
import sys
from inspect import getattr_static
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

from pydantic_core import PydanticOmit, PydanticUseDefault

if TYPE_CHECKING:
    from collections.abc import Iterator

Control: TypeAlias = Literal["PydanticOmit", "PydanticUseDefault"]

_CONTROL: Final[frozenset[Any]] = frozenset(get_args(Control))
_CLASSES: Final[dict[Control, Any]] = {
    "PydanticOmit": PydanticOmit,
    "PydanticUseDefault": PydanticUseDefault,
}
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
        if id(each) in seen:
            continue
        seen[id(each)] = each
        found.update(
            name
            for name, control in _CLASSES.items()
            if each is control or isinstance(each, control)  # under whatever name
        )
        if not is_harmless(each):
            for code in codes_of(each):
                found.update(_CONTROL.intersection(code.co_names))
        waiting += _reached(each)
    return found


def is_harmless(function: Any) -> bool:
    """Whether it is a function that runs none of the user's code but what it closes over."""
    return (
        isinstance(function, FunctionType)
        and str(function.__module__).partition(".")[0] in HARMLESS
    )


def is_closed(function: Any) -> bool:
    """Whether it is a function or method of pydantic's or Python's that runs nothing else."""
    function = getattr(function, "__func__", function)
    return is_harmless(function) and not function.__closure__


def _reached(function: Any) -> Iterator[Any]:
    """What the function may call, as far as names tell."""
    if is_harmless(function):  # a wrapper of pydantic's, perhaps
        yield from closed_over(function)
    elif isinstance(function, functools.partial):
        yield function.func
    elif isinstance(function, MethodType):
        yield function.__func__
        for code in codes_of(function.__func__):
            yield from _members(function.__self__, code)
    elif isinstance(function, FunctionType):
        yield from _reached_by_name(function)
    elif not isinstance(function, type) and callable(function):
        yield from _methods(function)


def _reached_by_name(function: FunctionType) -> Iterator[Any]:
    yield from closed_over(function)
    yield from function.__defaults__ or ()
    for code in codes_of(function):
        yield from named_globals(function, code)


def closed_over(function: FunctionType) -> Iterator[Any]:
    """What stands in the function's closure."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue


def named_globals(function: FunctionType, code: CodeType) -> Iterator[Any]:
    """The globals that the code names, and the members of modules that it can mean."""
    known = function.__globals__
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


def codes_of(function: Any) -> Iterator[CodeType]:
    """The function's code, and that of the functions inside."""
    waiting = [function.__code__] if isinstance(function, FunctionType) else []
    while waiting:
        code = waiting.pop()
        yield code
        waiting += (each for each in code.co_consts if isinstance(each, CodeType))
