"""Names of Instructor that partwise has another way for: asking for one says which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

INSIDE: Final = "partwise.provider, if it is for a plugin of yours; a program needs it no more"
"""The way for names of Instructor's own machinery."""


def refusal(
    module: str, ways: Mapping[str, str], names: str = "", *, otherwise: str = INSIDE
) -> Callable[[str], Any]:
    """A module's `__getattr__`.

    Args:
        module: the module's `__name__`.
        ways: the way for each name that is left out.
        names: further names, separated by spaces, that are left out.
        otherwise: the way for those.

    Raises:
        ImportError: by the function, for a name that is left out; it says the way.
        AttributeError: by the function, for any other name.
    """
    ways = {**dict.fromkeys(names.split(), otherwise), **ways}
    short = module.removeprefix("partwise.")

    def refuse(name: str) -> Any:
        if name in ways:
            raise ImportError(f"partwise has no {short}.{name}: use {ways[name]}")
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return refuse
