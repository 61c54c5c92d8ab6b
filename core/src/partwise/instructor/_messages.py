"""Messages that are objects of an SDK's, in chat form."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel

from ._raw import Message


def plain_message(message: Any) -> Any:
    """A message in chat form.

    Args:
        message: in chat form, or a `google.genai.types.Content`, or the message of an answer, of
            OpenAI's SDK or of the bridge's. Anything else is left as it is.
    """
    if isinstance(message, Mapping):
        return message
    if isinstance(message, Message):
        return _without_none(asdict(message))
    if hasattr(message, "parts") and hasattr(message, "role"):
        role = "assistant" if message.role == "model" else message.role or "user"
        return {"role": role, "content": [_part(part) for part in message.parts or ()]}
    if isinstance(message, BaseModel):
        return message.model_dump(exclude_none=True)
    return message


def _part(part: Any) -> Any:
    """Google's part: a text, data or an address; another kind is left as it is."""
    if getattr(part, "text", None) is not None:
        return {"type": "text", "text": part.text}
    if (data := getattr(part, "inline_data", None)) is not None:
        content = base64.b64encode(data.data).decode()
        return _file(f"data:{data.mime_type};base64,{content}", data.display_name)
    if (file := getattr(part, "file_data", None)) is not None:
        return _file(file.file_uri, file.display_name)
    return part


def _file(address: str, name: str | None) -> dict[str, Any]:
    return {"type": "file", "file": _without_none({"file_data": address, "filename": name})}


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
