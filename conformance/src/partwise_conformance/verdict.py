"""How a test of the suite fails: with what the plugin's author should do, and no traceback."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NoReturn

import pytest

from .wire import NotOnThisWireError

if TYPE_CHECKING:
    from collections.abc import Iterator


def fail(advice: str) -> NoReturn:
    """Fail with the advice. What was being handled, if anything, is left out."""
    __tracebackhide__ = True
    raise pytest.fail.Exception(advice, pytrace=False) from None


NOT_APPLICABLE: Final = "not applicable: "
"""How the reason begins for which a test is left out that makes no sense for a vendor."""


def leave_out(reason: str) -> NoReturn:
    """Say that this test makes no sense for the vendor."""
    pytest.skip(NOT_APPLICABLE + reason)


def require(condition: object, advice: str) -> None:
    """Fail with the advice, unless the condition holds."""
    __tracebackhide__ = True
    if not condition:
        fail(advice)


def expect(actual: Any, expected: Any, advice: str) -> None:
    """Fail with the advice and both values, unless they are equal."""
    __tracebackhide__ = True
    if actual != expected:
        fail(f"{advice}\n  expected: {expected!r}\n  but got:  {actual!r}")


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Whatever the plugin raises in here is its fault, and told as such."""
    __tracebackhide__ = True
    try:
        yield
    except NotOnThisWireError as error:
        fail(f"{error}: teach it, or say in `xfail` why the vendor can't")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the plugin's fault
        fail(f"{what} should raise nothing, and raised {error!r}")
