"""What a function of the user's may get hold of, and so do, though its code does not say so.

Above all: whether it may raise `PydanticUseDefault`. Whoever raises that must get hold of it. So
what a function can get hold of is gone through: what it closes over, the globals that its code
names, the attributes of its objects, what their containers hold, the methods of their classes.
Where the exception is among it, or where this can't be told, the function may raise it.

It can't be told of code that is not Python's, of code that looks names up while it runs, and of
what holds too much to be gone through. Packages that run none of the user's code by themselves can
only call what they are given, so they are left aside.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import types
from collections import defaultdict, deque
from inspect import getattr_static, isclass
from types import (
    BuiltinFunctionType,
    FunctionType,
    MappingProxyType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
)
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import PydanticUseDefault

from .reachable_functions import HARMLESS, closed_over, codes_of, is_harmless, named_globals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import CodeType
    from typing import TypeAlias

    Members: TypeAlias = Mapping[str, Sequence[Any]]

_MOST: Final = 100_000
"""So many objects are looked at."""
_ATOMS: Final = frozenset({str, bytes, int, float, complex, bool, type(None), ModuleType})
_BLIND: Final = frozenset({"eval", "exec", "__import__", "import_module", "globals", "modules"})
"""What code that names one of these gets hold of can't be told."""
_BLIND_IN_MODULES: Final = frozenset({"getattr", "attrgetter", "methodcaller", "vars", "__dict__"})
"""Nor where it looks in a module that it names, by one of these."""
_C_FUNCTIONS: Final = (BuiltinFunctionType, MethodDescriptorType)
_OF_SIBLINGS: Final = frozenset({"data", "field_name"})
"""What an `info` says of the fields around."""
_CONTAINERS: Final[tuple[Any, ...]] = (list, tuple, set, frozenset, deque)


def may_hide_default(function: Any, context: Any, members: Members) -> bool:
    """Whether the function might ask for the default.

    Args:
        function: a validator.
        context: what validators get as `info.context`.
        members: of the classes whose instances validators get.
    """
    return _reaches(function, _asks_for_default, context, members)


def may_ask_for_siblings(function: Any) -> bool:
    """Whether the function might look at what its `info` says of the fields around."""
    return _reaches(function, _asks_for_siblings, None, {})


def _reaches(
    function: Any, is_sought: Callable[[Any], bool], context: Any, members: Members
) -> bool:
    """Whether the function might get hold of what is sought."""
    seen: dict[int, Any] = {}
    waiting = deque([function])
    while waiting:
        each = waiting.popleft()
        if type(each) in _ATOMS or id(each) in seen:
            continue
        seen[id(each)] = each
        if is_sought(each) or _is_illegible(each) or len(seen) > _MOST:
            return True
        waiting.extend(_held(each))
        if isinstance(each, FunctionType) and not is_harmless(each):
            names = _names_in(each)
            waiting.extend(member for name in names for member in members.get(name, ()))
            waiting.append(context if "context" in names else None)
    return False


def members_of(classes: Iterable[type]) -> Members:
    """What the classes define, by its name."""
    found: dict[str, list[Any]] = defaultdict(list)
    for owner in {base for cls in classes for base in cls.__mro__}:
        for name, member in _members(owner):
            found[name].append(member)
    return found


def _asks_for_default(thing: Any) -> bool:
    if isinstance(thing, FunctionType) and not is_harmless(thing):
        return PydanticUseDefault.__name__ in _names_in(thing)
    return thing is PydanticUseDefault or isinstance(thing, PydanticUseDefault)


def _asks_for_siblings(thing: Any) -> bool:
    if not isinstance(thing, FunctionType) or is_harmless(thing):
        return False
    return any(not _OF_SIBLINGS.isdisjoint(code.co_names) for code in codes_of(thing))


def _names_in(function: FunctionType) -> set[str]:
    """What the function's code names, by itself or in a string."""
    names: set[str] = set()
    for code in codes_of(function):
        names.update(code.co_names, code.co_varnames)
        names.update(each for each in code.co_consts if isinstance(each, str))
    return names


def _is_illegible(thing: Any) -> bool:
    """Whether nobody can tell what it gets hold of."""
    if isinstance(thing, FunctionType):
        return not is_harmless(thing) and any(_is_blind(thing, code) for code in codes_of(thing))
    if isinstance(thing, _C_FUNCTIONS):
        return _package_of(thing) not in HARMLESS
    return callable(thing) and _is_c_code(thing) and _package_of(type(thing)) not in HARMLESS


def _is_blind(function: FunctionType, code: CodeType) -> bool:
    names = {*code.co_names}
    if names & _BLIND:
        return True
    modules = {m.__name__ for m in named_globals(function, code) if isinstance(m, ModuleType)}
    packages = {name.partition(".")[0] for name in modules}
    return bool(names & _BLIND_IN_MODULES) and not packages <= sys.stdlib_module_names


def _is_c_code(thing: Any) -> bool:
    if isclass(thing) or isinstance(thing, MethodType | functools.partial):
        return False
    call = getattr(type(thing), "__call__", None)  # noqa: B004  where it stands is asked
    return not isinstance(call, FunctionType)


def _package_of(thing: Any) -> str:
    owner = getattr(thing, "__objclass__", thing)
    module = getattr(owner, "__module__", None)
    if module is None:  # a method of an object
        module = type(getattr(thing, "__self__", thing)).__module__
    return str(module).partition(".")[0]


def _held(thing: Any) -> Iterator[Any]:
    """What the thing gives hold of."""
    if isinstance(thing, FunctionType):
        yield from _held_by_function(thing)
    elif isinstance(thing, MethodType):
        yield from (thing.__func__, thing.__self__)
    elif isinstance(thing, functools.partial):
        yield from (thing.func, thing.args, thing.keywords)
    elif isclass(thing):
        for owner in thing.__mro__:
            yield from (member for _, member in _members(owner))
    else:
        yield from _contents(thing)
        yield from (getattr_static(thing, name, None) for name in ("__wrapped__", "__origin__"))
        if _package_of(type(thing)) not in HARMLESS:
            yield type(thing)
            yield from _attributes(thing)


def _held_by_function(function: FunctionType) -> Iterator[Any]:
    yield from closed_over(function)
    yield from vars(function).values()
    if not is_harmless(function):
        yield from (function.__defaults__, function.__kwdefaults__)
        for code in codes_of(function):
            yield from named_globals(function, code)


def _members(owner: type) -> Iterator[tuple[str, Any]]:
    """What a class of the user's defines, but for what pydantic and Python have put there."""
    if _package_of(owner) in HARMLESS:
        return
    for name, member in [*vars(owner).items()]:
        if name.startswith(("__pydantic_", "__annot")):
            continue
        if isinstance(member, property):
            member = member.fget, member.fset  # noqa: PLW2901  what it runs is what it is
        elif isinstance(member, functools.cached_property):
            member = member.func  # noqa: PLW2901
        yield name, getattr(member, "__func__", member)


def _contents(thing: Any) -> Iterable[Any]:
    if isinstance(thing, dict):
        return (*dict.keys(thing), *dict.values(thing))
    if isinstance(thing, MappingProxyType):
        return thing.values()
    for kind in _CONTAINERS:
        if isinstance(thing, kind):  # a subclass may iterate otherwise
            return kind.__iter__(thing)  # type: ignore[no-any-return]
    return (thing.__dict__,) if isinstance(thing, types.SimpleNamespace) else ()


def _attributes(instance: Any) -> Iterator[Any]:
    with contextlib.suppress(AttributeError):  # it has slots alone
        yield object.__getattribute__(instance, "__dict__")
    for owner in type(instance).__mro__:
        for member in [*vars(owner).values()]:
            if isinstance(member, MemberDescriptorType):
                with contextlib.suppress(AttributeError):  # not set
                    yield member.__get__(instance)
