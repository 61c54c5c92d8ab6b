"""Instructor's names that partwise lacks: importing one names the replacement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

INSIDE: Final = "partwise.provider, if it is for a plugin of yours; a program needs it no more"
"""The replacement for names of Instructor's own machinery."""


def refusal(
    module: str, ways: Mapping[str, str], names: str = "", *, otherwise: str = INSIDE
) -> Callable[[str], Any]:
    """A module's `__getattr__`.

    Args:
        module: the module's `__name__`.
        ways: the replacement for each name that is left out.
        names: further names, separated by spaces, that are left out.
        otherwise: the replacement for those.

    Raises:
        ImportError: by the function, for a name that is left out; it names the replacement.
        AttributeError: by the function, for any other name.
    """
    ways = {**dict.fromkeys(names.split(), otherwise), **ways}
    short = module.removeprefix("partwise.")

    def refuse(name: str) -> Any:
        if name in ways:
            raise ImportError(f"partwise has no {short}.{name}: use {ways[name]}")
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return refuse
