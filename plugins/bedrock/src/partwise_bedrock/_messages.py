"""Messages in OpenAI's chat form become Converse's; content in its own blocks passes through.

Consecutive messages of one side are one turn, and a tool's result is the user's. Converse refuses
empty text, so an empty block is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from partwise.provider import (
    ConfigurationError,
    arguments_object,
    decode_base64,
    split_data_url,
)

_SIDES: Final = {"system": "system", "developer": "system", "assistant": "assistant"}
_DOCUMENTS: Final = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "text/html": "html",
    "text/markdown": "md",
    "text/plain": "txt",
}
"""The names of media types among Bedrock's formats; of others the file's ending is taken."""


def to_messages(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The conversation in Converse's form, without the messages of `to_system`.

    Raises:
        ConfigurationError: a part has a kind that Bedrock takes only in its own form.
    """
    blocks = [(_side(message), block) for message in messages for block in _blocks(message)]
    turns = groupby((each for each in blocks if each[0] != "system"), key=itemgetter(0))
    return [{"role": side, "content": [each[1] for each in turn]} for side, turn in turns]


def to_system(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The blocks of the system messages."""
    system = (message for message in messages if _side(message) == "system")
    return [block for message in system for block in _blocks(message)]


def _side(message: Mapping[str, Any]) -> str:
    return _SIDES.get(message["role"], "user")


def _blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    content: Any = message.get("content") or ()
    parts = [{"text": content}] if isinstance(content, str) else content
    blocks = [block for block in map(_block, parts) if block.get("text") != ""]
    if message.get("role") == "tool":
        return [{"toolResult": {"toolUseId": message["tool_call_id"], "content": blocks}}]
    blocks += map(_tool_use, message.get("tool_calls") or ())
    return blocks


def _tool_use(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    arguments = arguments_object(function.get("arguments"))
    return {"toolUse": {"toolUseId": call["id"], "name": function["name"], "input": arguments}}


def _block(part: Mapping[str, Any]) -> dict[str, Any]:
    match part:
        case {"type": "text", "text": text} | {"type": "refusal", "refusal": text}:
            return {"text": text}
        case {"type": "image_url", "image_url": {"url": str(url)}} if url.startswith("data:"):
            return _image(*split_data_url(url))
        case {"type": "file", "file": {"file_data": str(url), **rest}}:
            return _document(*split_data_url(url), rest.get("filename"))
        case {"type": "input_audio", "input_audio": {"data": str(data), "format": str(kind)}}:
            content = decode_base64(data, "a sound")
            return {"audio": {"format": kind, "source": {"bytes": content}}}
        case {"type": kind}:
            raise ConfigurationError(f"write {kind!r} as one of Bedrock's content blocks")
    return dict(part)


def _image(media_type: str, data: str) -> dict[str, Any]:
    kind = media_type.removeprefix("image/").replace("jpg", "jpeg")
    return {"image": {"format": kind, "source": {"bytes": decode_base64(data, "an image")}}}


def _document(media_type: str, data: str, filename: Any) -> dict[str, Any]:
    """A `DocumentBlock`. Its name has letters, digits, blanks, hyphens and brackets only."""
    stem, _, ending = (filename or "document").rpartition(".")
    kind = _DOCUMENTS.get(media_type) or ending
    name = re.sub(r"[^A-Za-z0-9()\[\]-]+", " ", stem or ending).strip() or "document"
    source = {"bytes": decode_base64(data, "a file")}
    return {"document": {"format": kind, "name": name, "source": source}}
