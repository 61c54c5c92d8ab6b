"""Messages of the chat form as input items of the Responses API.

A message or a part that is not of the chat form is of the Responses API already, and passes through
as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

Item: TypeAlias = dict[str, Any]
Part: TypeAlias = Mapping[str, Any]


def to_messages(messages: Iterable[Mapping[str, Any]]) -> list[Item]:
    """The conversation as input items of the Responses API."""
    return [item for message in messages for item in _items(message)]


def _items(message: Mapping[str, Any]) -> Iterator[Item]:
    role = message.get("role")
    if role == "tool":
        yield _tool_output(message)
        return
    if role is None or "type" in message:
        yield dict(message)
        return
    content = _content(message.get("content"), role)
    if refusal := message.get("refusal"):
        content = [*_as_parts(content), {"type": "refusal", "refusal": refusal}]
    if content:
        yield {"role": role, "content": content}
    yield from map(_tool_call, message.get("tool_calls") or ())


def _tool_call(call: Mapping[str, Any]) -> Item:
    if call.get("type") == "custom":
        custom = call["custom"]
        own = {"type": "custom_tool_call", "name": custom["name"], "input": custom["input"]}
    else:
        function = call["function"]
        own = {
            "type": "function_call",
            "name": function["name"],
            "arguments": function["arguments"],
        }
    return {**own, "call_id": call["id"]}


def _tool_output(message: Mapping[str, Any]) -> Item:
    return {
        "type": "function_call_output",
        "call_id": message["tool_call_id"],
        "output": _content(message.get("content"), "tool") or "",
    }


def _content(content: Any, role: str) -> str | list[Item]:
    if content is None or isinstance(content, str):
        return content or ""
    convert = _ASSISTANT_PARTS if role == "assistant" else _INPUT_PARTS
    return [_part(part, convert) for part in content]


def _as_parts(content: str | list[Item]) -> list[Item]:
    if isinstance(content, str):
        return [{"type": "output_text", "text": content}] if content else []
    return content


def _part(part: Part, convert: Mapping[str, Callable[[Part], Item]]) -> Item:
    own = convert.get(part.get("type", ""))
    return dict(part) if own is None else own(part)


def _image(part: Part) -> Item:
    image = part["image_url"]
    if isinstance(image, str):
        return {"type": "input_image", "image_url": image}
    renamed = {"image_url": image["url"], "detail": image.get("detail", "auto")}
    return {"type": "input_image", **renamed}


_INPUT_PARTS: Final[Mapping[str, Callable[[Part], Item]]] = {
    "text": lambda part: {"type": "input_text", "text": part["text"]},
    "image_url": _image,
    "file": lambda part: {"type": "input_file", **part["file"]},
}
_ASSISTANT_PARTS: Final[Mapping[str, Callable[[Part], Item]]] = {
    "text": lambda part: {"type": "output_text", "text": part["text"]},
}
