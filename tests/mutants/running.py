"""Runs tests on mutants. The tests are collected once; each mutant is a fork of that process.

In the fork the code of the one function that holds the condition is exchanged for flipped code, in
memory: no file is changed, and a mutant costs no more than the tests that it takes to kill it.
"""

from __future__ import annotations

import gc
import inspect
import os
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pytest

    from .conditions import Condition

_CPU_SECONDS: Final = 150
"""A mutant that runs for longer hangs, and counts as killed. The machine's load has no say."""
_KILLED, _SURVIVED, _FAULT = 1, 0, 2


class Mutants:
    """A pytest plugin that runs the collected tests on each mutant instead of once.

    Args:
        conditions: what to flip, one at a time.
        jobs: so many at once.
        first: for a module, the tests that are likely to kill its mutants, by file name.
        report: is told of each condition whether its mutant survived.
    """

    def __init__(
        self,
        conditions: Sequence[Condition],
        jobs: int,
        first: dict[str, Sequence[str]],
        report: Callable[[Condition, bool], None],
    ) -> None:
        self._waiting = [*reversed(conditions)]
        self._jobs = jobs
        self._first = first
        self._report = report
        self._running: dict[int, Condition | None] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        gc.freeze()  # what is shared with the forks is not to be touched
        self._running[_fork(None, session.items)] = None
        while self._waiting or self._running:
            while self._waiting and len(self._running) < self._jobs:
                condition = self._waiting.pop()
                self._running[_fork(condition, self._ordered(condition, session.items))] = condition
            self._next()
        return True

    def _next(self) -> None:
        child, status = os.wait()
        code = os.waitstatus_to_exitcode(status)
        condition = self._running.pop(child)
        if code == _FAULT or (condition is None and code != _SURVIVED):
            raise RuntimeError(f"the tests can't be run on {condition or 'the code as it is'}")
        if condition is not None:
            self._report(condition, code == _SURVIVED)

    def _ordered(self, condition: Condition, items: list[pytest.Item]) -> list[pytest.Item]:
        first = self._first.get(condition.path.stem, ())
        rank = {name: number for number, name in enumerate(first)}
        return sorted(items, key=lambda item: rank.get(item.path.name, len(rank)))


def _fork(condition: Condition | None, items: list[pytest.Item]) -> int:
    if child := os.fork():
        return child
    code = _FAULT
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
        if condition is not None:
            exchange(condition)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        code = _SURVIVED if _all_pass(items) else _KILLED
    finally:
        os._exit(code)


def _all_pass(items: list[pytest.Item]) -> bool:
    following: list[pytest.Item | None] = [*items[1:], None]
    for item, next_item in zip(items, following, strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=next_item)
        if item.session.testsfailed:
            return False
    return True


def exchange(condition: Condition) -> None:
    """Give the function that holds the condition the code in which it is flipped."""
    flipped = compile(condition.mutant(), condition.path, "exec")
    codes = {(code.co_qualname, code.co_firstlineno): code for code in _inside(flipped)}
    plain = compile(condition.path.read_text(encoding="utf-8"), condition.path, "exec")
    module: Any = sys.modules[f"partwise.{condition.path.stem}"]
    functions = {(f.__code__.co_qualname, f.__code__.co_firstlineno): f for f in _functions(module)}
    exchanged = 0
    for code in _inside(plain):
        place = code.co_qualname, code.co_firstlineno
        if codes[place] != code and place in functions:
            functions[place].__code__ = codes[place]
            exchanged += 1
    if not exchanged:
        raise LookupError(f"no function holds {condition}")


def _inside(code: CodeType) -> Iterator[CodeType]:
    """The code objects inside, but for those that are only parts of a function."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            if not constant.co_flags & inspect.CO_NEWLOCALS:  # a class's body
                yield from _inside(constant)


def _functions(module: Any) -> Iterator[FunctionType]:
    for member in vars(module).values():
        if getattr(member, "__module__", None) != module.__name__:
            continue
        inside = vars(member).values() if isinstance(member, type) else [member]
        yield from filter(None, map(_unwrapped, inside))


def _unwrapped(member: Any) -> FunctionType | None:
    """The function behind a method, a property or a decorated function."""
    for name in ("__func__", "fget", "func", "__wrapped__"):
        member = getattr(member, name, None) or member
    return member if isinstance(member, FunctionType) else None
