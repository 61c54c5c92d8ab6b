"""Jinja in messages: `context=` fills in `{{ name }}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._left_out import refusal
from .core.exceptions import ConfigurationError

__getattr__ = refusal(
    __name__,
    {},
    "Mode Provider apply_template handle_templating process_message provider_from_mode",
    otherwise="context= of the call",
)

Message = Mapping[str, Any]


def rendered(messages: Sequence[Message], context: Mapping[str, Any] | None) -> list[Message]:
    """The messages with their templates filled in; as they are without a context.

    Raises:
        ConfigurationError: a message has a template, and Jinja is not installed.
    """
    if not context or not any(_has_template(message) for message in messages):
        return list(messages)
    render = _renderer(context)
    return [_rendered(message, render) for message in messages]


def _has_template(message: Message) -> bool:
    return any("{{" in text or "{%" in text for text in _texts(message.get("content")))


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    parts = content if isinstance(content, list) else []
    return [part["text"] for part in parts if isinstance(part, Mapping) and "text" in part]


def _renderer(context: Mapping[str, Any]) -> Any:
    try:
        from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415 - an extra
    except ImportError:
        message = "templates in messages need Jinja: pip install 'partwise[jinja]'"
        raise ConfigurationError(message) from None
    environment = SandboxedEnvironment()
    return lambda text: environment.from_string(text).render(**context)


def _rendered(message: Message, render: Any) -> Message:
    content = message.get("content")
    if isinstance(content, str):
        return {**message, "content": render(content)}
    if isinstance(content, list):
        return {**message, "content": [_rendered_part(part, render) for part in content]}
    return message


def _rendered_part(part: Any, render: Any) -> Any:
    if isinstance(part, Mapping) and isinstance(part.get("text"), str):
        return {**part, "text": render(part["text"])}
    return part
