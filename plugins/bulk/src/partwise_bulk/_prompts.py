"""A row's messages, and the fingerprint under which its outcome is kept."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, TypeAlias

from pydantic_core import to_json, to_jsonable_python

from partwise import ConfigurationError

Messages: TypeAlias = Sequence[Mapping[str, Any]]
Prompt: TypeAlias = str | Callable[[Any], str | Messages | Awaitable[str | Messages]] | None
"""A function of the row, a template like `"Extract: {text}"`, or None if rows are prompts."""

CHARS_PER_TOKEN: Final = 4
"""Of English text, by OpenAI's rule of thumb; only until the usage is known."""

_TOKENS_BESIDE: Final = 300
"""Tokens of the schema and of an answer, before any is known."""

# They change the number and time of attempts, not the question.
_NOT_OF_THE_QUESTION: Final = frozenset(
    {"hooks", "idle_timeout", "limits", "max_retries", "on_restart", "timeout", "token_budget"}
)


async def messages_of(row: Any, prompt: Prompt, system: str | None) -> list[Mapping[str, Any]]:
    """The messages that ask about a row.

    Raises:
        ConfigurationError: the template names a column that the row does not have, or there is
            neither a text nor messages.
        Exception: that of the caller's function.
    """
    said: Any
    if prompt is None:
        said = _own_prompt(row)
    elif isinstance(prompt, str):
        said = _filled(prompt, row)
    else:
        said = prompt(row)
        if inspect.isawaitable(said):
            said = await said
    if isinstance(said, str):
        said = [{"role": "user", "content": said}]
    if not isinstance(said, Sequence) or not all(isinstance(each, Mapping) for each in said):
        raise ConfigurationError(
            f"a prompt is a text or a list of messages, got {type(said).__name__}"
        )
    if not said:
        raise ConfigurationError("a prompt is a text or a list of messages, got an empty list")
    return [{"role": "system", "content": system}, *said] if system else list(said)


def _own_prompt(row: Any) -> Any:
    if isinstance(row, Mapping):
        for name in ("messages", "prompt", "text"):
            if name in row:
                return row[name]
        names = ", ".join(map(str, row))
        raise ConfigurationError(
            f"no prompt given, and the row has no column 'messages', 'prompt' or 'text': "
            f"pass prompt=, for example a template with the row's columns ({names})"
        )
    return row


def _filled(template: str, row: Any) -> str:
    columns = row if isinstance(row, Mapping) else {"row": row}
    try:
        return template.format_map(columns)
    except (KeyError, IndexError, ValueError) as error:
        names = ", ".join(map(str, columns))
        raise ConfigurationError(
            f"the prompt's template can't be filled in: {type(error).__name__}: {error}; the row "
            f"has {names}. A brace that is meant as such is written twice: {{{{"
        ) from error


def estimate_tokens(messages: Messages) -> int:
    """About so many tokens for the messages, the schema and the answer."""
    chars = sum(len(str(message.get("content", ""))) for message in messages)
    return chars // CHARS_PER_TOKEN + _TOKENS_BESIDE


def question_digest(model: str, schema: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    """The common part of all rows of a run, as the beginning of their fingerprints."""
    asked = {name: value for name, value in options.items() if name not in _NOT_OF_THE_QUESTION}
    mode = str(options.get("mode") or "")
    common = {"model": model, "schema": schema, "options": asked, "mode": mode}
    return blake2b(as_json(common), digest_size=16).digest()


def fingerprint(common: bytes, messages: Messages, key: Any) -> bytes:
    """16 bytes that stand for the question about a row, and for its key if it has one."""
    digest = blake2b(common, digest_size=16)
    digest.update(as_json([key, messages]))
    return digest.digest()


def as_json(value: Any) -> bytes:
    """The value as JSON, the same for equal values in each process."""
    # An object's repr may have its address in it, which is another in each process.
    try:
        return to_json(_sorted(value), fallback=_name_of_type)
    except ValueError:  # an unpaired surrogate, which UTF-8 does not have
        return json.dumps(to_jsonable_python(_sorted(value), fallback=_name_of_type)).encode()


def _name_of_type(value: Any) -> str:
    return type(value).__qualname__


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        pairs = sorted(value.items(), key=lambda item: str(item[0]))
        return {str(key): _sorted(inside) for key, inside in pairs}
    if isinstance(value, list | tuple):
        return [_sorted(inside) for inside in value]
    if isinstance(value, bytes):
        return value.hex()
    return value
