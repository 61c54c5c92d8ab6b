"""Messages in OpenAI's chat form become Converse's; content in its own blocks passes through.

Consecutive messages of one side are one turn, and a tool's result is the user's. Converse refuses
empty text, so an empty block is left out.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from partwise.provider import ConfigurationError

_SIDES: Final = {"system": "system", "developer": "system", "assistant": "assistant"}
_IMAGE: Final = re.compile(r"data:image/(\w+);base64,(.+)", re.DOTALL)
_FILE: Final = re.compile(r"data:([\w.+/-]+);base64,(.+)", re.DOTALL)
_DOCUMENTS: Final = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "text/html": "html",
    "text/markdown": "md",
    "text/plain": "txt",
}
"""The names of media types among Bedrock's formats; of others the file's ending is taken."""


def to_conversation(messages: Iterable[Mapping[str, Any]]) -> tuple[list[Any], list[Any]]:
    """The system's blocks, and the turns.

    Raises:
        ConfigurationError: a part has a kind that Bedrock takes only in its own form.
    """
    blocks = [
        (_SIDES.get(message["role"], "user"), block)
        for message in messages
        for block in _blocks(message)
    ]
    system = [block for side, block in blocks if side == "system"]
    turns = groupby((each for each in blocks if each[0] != "system"), key=itemgetter(0))
    return system, [{"role": side, "content": [each[1] for each in turn]} for side, turn in turns]


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
    arguments = _arguments(function.get("arguments") or "{}")
    return {"toolUse": {"toolUseId": call["id"], "name": function["name"], "input": arguments}}


def _arguments(text: str) -> dict[str, Any]:
    """The arguments; those that are not a JSON object, for example cut off, as text."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"arguments": text}


def _block(part: Mapping[str, Any]) -> dict[str, Any]:
    match part:
        case {"type": "text", "text": text} | {"type": "refusal", "refusal": text}:
            return {"text": text}
        case {"type": "image_url", "image_url": {"url": str(url)}} if found := _IMAGE.fullmatch(
            url
        ):
            return _image(found[1], found[2])
        case {"type": "file", "file": {"file_data": str(url), **rest}} if found := _FILE.fullmatch(
            url
        ):
            return _document(found[1], found[2], rest.get("filename"))
        case {"type": "input_audio", "input_audio": {"data": str(data), "format": str(kind)}}:
            return {"audio": {"format": kind, "source": {"bytes": _decoded(data, "a sound")}}}
        case {"type": kind}:
            raise ConfigurationError(f"write {kind!r} as one of Bedrock's content blocks")
    return dict(part)


def _image(kind: str, data: str) -> dict[str, Any]:
    content = _decoded(data, "an image")
    return {"image": {"format": {"jpg": "jpeg"}.get(kind, kind), "source": {"bytes": content}}}


def _document(media_type: str, data: str, filename: Any) -> dict[str, Any]:
    """A `DocumentBlock`. Its name has letters, digits, blanks, hyphens and brackets only."""
    stem, _, ending = (filename or "document").rpartition(".")
    kind = _DOCUMENTS.get(media_type) or ending
    name = re.sub(r"[^A-Za-z0-9()\[\]-]+", " ", stem or ending).strip() or "document"
    source = {"bytes": _decoded(data, "a file")}
    return {"document": {"format": kind, "name": name, "source": source}}


def _decoded(data: str, named: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ConfigurationError(f"the data of {named} is not base64: {error}") from error
