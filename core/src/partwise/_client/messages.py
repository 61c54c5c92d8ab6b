"""The messages of a call: the forms that users write, and the checks of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from .._errors import ConfigurationError
from .._sentinels import MISSING

_FORM: Final = 'messages=[{"role": "user", "content": "…"}], or a text for one user message'
_NO_MESSAGE: Final = (bytes, bytearray, int, float)


def checked_messages(messages: Any) -> Sequence[Mapping[str, Any]]:
    """The messages as a list; a text is one user message.

    Objects of a vendor's own are left as they are.

    Raises:
        ConfigurationError: they are not a conversation; the message shows its form.
    """
    if messages is MISSING or messages is None:
        raise ConfigurationError(f"no messages given: write {_FORM}")
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    if isinstance(messages, Mapping):
        raise ConfigurationError(f"messages is one dict, and must be a list of them: write {_FORM}")
    if isinstance(messages, _NO_MESSAGE) or not isinstance(messages, Iterable):
        raise ConfigurationError(
            f"messages must be a list of dicts, got {type(messages).__name__}: write {_FORM}"
        )
    made = messages if isinstance(messages, Sequence) else list(messages)
    for index, message in enumerate(made):
        _check(index, message)
    return made


def _check(index: int, message: object) -> None:
    if message is None or isinstance(message, (str, tuple, list, *_NO_MESSAGE)):
        raise ConfigurationError(
            f"messages[{index}] is {_described(message)}, and must be a dict: write {_FORM}"
        )


def _described(message: object) -> str:
    if message is None:
        return "None"
    if isinstance(message, tuple | list):
        return f"a {type(message).__name__}"
    return f"of type {type(message).__name__}"
