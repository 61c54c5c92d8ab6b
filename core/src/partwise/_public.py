"""The module that a public name is said to be from: the one that users import it from."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from types import FunctionType
from typing import Any, Final, get_type_hints

_PRIVATE: Final = "partwise._"


def publish(module: str, namespace: Mapping[str, Any]) -> None:
    """Let the public names of the namespace be from this module, if no other has them already.

    So a traceback says `partwise.MissingKeyError`, and a pickle holds no private module.
    """
    for name in namespace["__all__"]:
        value = namespace[name]
        if isinstance(value, type | FunctionType) and value.__module__.startswith(_PRIVATE):
            if is_dataclass(value):
                _resolve_annotations(value)
            value.__module__ = module


def _resolve_annotations(cls: Any) -> None:
    """Turn annotations into types, which are written in terms of the module they are from."""
    with suppress(NameError):  # imported for type checkers only
        cls.__annotations__ = hints = get_type_hints(cls)
        for field in fields(cls):
            field.type = hints[field.name]
