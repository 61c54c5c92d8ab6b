"""The suite's assertions: a failed one gives advice to the plugin's author, and no traceback."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NoReturn

import pytest

from .wire import NotOnThisWireError

if TYPE_CHECKING:
    from collections.abc import Iterator


def fail(advice: str) -> NoReturn:
    """Fail with the advice. An exception that was being handled is left out."""
    __tracebackhide__ = True
    raise pytest.fail.Exception(advice, pytrace=False) from None


NOT_APPLICABLE: Final = "not applicable: "
"""The beginning of the reason for which a test is skipped that makes no sense for a vendor."""


def skip(reason: str) -> NoReturn:
    """Skip a test that makes no sense for the vendor."""
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
def raises_nothing(action: str) -> Iterator[None]:
    """Fail if the plugin raises anything in here."""
    __tracebackhide__ = True
    try:
        yield
    except NotOnThisWireError as error:
        fail(f"{error}: add it, or give the vendor's reason in `xfail`")
    except Exception as error:  # noqa: BLE001 - any error is the plugin's
        fail(f"{action} should raise nothing, and raised {error!r}")
