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
        case {"type": kind}:
            raise ConfigurationError(f"write {kind!r} as one of Bedrock's content blocks")
    return dict(part)


def _image(kind: str, data: str) -> dict[str, Any]:
    try:
        content = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ConfigurationError(f"the data of an image is not base64: {error}") from error
    return {"image": {"format": {"jpg": "jpeg"}.get(kind, kind), "source": {"bytes": content}}}
