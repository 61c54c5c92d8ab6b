"""Jinja in messages: `context=` fills in `{{ name }}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._left_out import refusal
from .exceptions import ConfigurationError

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
    if not context:
        return list(messages)
    return [
        {**message, "content": _rendered(message.get("content"), context)} for message in messages
    ]


def _rendered(content: Any, context: Mapping[str, Any]) -> Any:
    if isinstance(content, str):
        is_template = "{{" in content or "{%" in content
        return _filled_in(content, context) if is_template else content
    if isinstance(content, list):
        return [_rendered(part, context) for part in content]
    if isinstance(content, Mapping) and "text" in content:
        return {**content, "text": _rendered(content["text"], context)}
    return content


def _filled_in(template: str, context: Mapping[str, Any]) -> str:
    try:
        from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415 - an extra
    except ImportError:
        message = "templates in messages need Jinja: pip install 'partwise[jinja]'"
        raise ConfigurationError(message) from None
    return SandboxedEnvironment().from_string(template).render(**context)
