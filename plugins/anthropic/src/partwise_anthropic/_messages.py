"""Messages in OpenAI's chat form become Anthropic's; its own pass through untouched.

- `system` and `developer` messages leave the conversation for the `system` argument.
- A user's image and file parts become `image` and `document` blocks.
- An assistant's `tool_calls` become `tool_use` blocks after its text.
- `tool` messages become `tool_result` blocks of one user message, as many as follow each other:
  Anthropic wants the results of one turn's calls together. The message may have `is_error`.

A model that thinks does not take back a call without the thinking that led to it, and the chat form
has no place for that. `unforced_tool` names a tool whose calls, and their results, become plain
text.

Anthropic takes no empty text, so an empty text block is left out, and so is a message that then
has nothing in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, TypeAlias

from partwise.provider import ConfigurationError, arguments_object, split_data_url

Message: TypeAlias = Mapping[str, Any]
Block: TypeAlias = dict[str, Any]

_SYSTEM_ROLES: Final = frozenset({"system", "developer"})

# Keys of a chat message that Anthropic knows nothing of, and therefore rejects.
_CHAT_ONLY: Final = frozenset(
    {
        "name", "tool_calls", "refusal", "audio", "function_call", "annotations",
        "reasoning_content",
    }
)  # fmt: skip

# The vendor's documented way to show a model a call of its own that was not JSON.
_INVALID: Final = "INVALID_JSON"


def to_messages(messages: Iterable[Message], *, unforced_tool: str | None = None) -> list[Message]:
    """The conversation in Anthropic's form, without the messages of `to_system`.

    Raises:
        ConfigurationError: a part has a kind, or an address, that Anthropic does not take.
    """
    messages = _calls_as_text(messages, unforced_tool) if unforced_tool else messages
    turns = (message for message in messages if message.get("role") not in _SYSTEM_ROLES)
    converted: list[Message] = []
    for are_results, group in groupby(turns, lambda message: message.get("role") == "tool"):
        if are_results:
            converted.append(_results(group))
        else:
            converted.extend(map(_turn, group))
    return [message for message in converted if message.get("content")]


def to_system(own: str | Sequence[Block] | None, messages: Iterable[Message]) -> Any:
    """The `system` argument: the user's own, then each system message. None if there is nothing.

    Returns:
        A string; or a list of blocks, if a part of it came as blocks and may carry more than
        text, such as `cache_control`.
    """
    contents = [message["content"] for message in messages if message.get("role") in _SYSTEM_ROLES]
    parts = [part for part in (own, *contents) if part]
    texts = [part for part in parts if isinstance(part, str)]
    if len(texts) == len(parts):
        return "\n\n".join(texts) or None
    return [block for part in parts for block in _blocks(part)]


def _calls_as_text(messages: Iterable[Message], tool: str) -> Iterator[Message]:
    """The messages, with the calls of this tool and their results as text."""
    ids: set[str] = set()
    for message in messages:
        calls = message.get("tool_calls") or ()
        if calls and all(call["function"]["name"] == tool for call in calls):
            ids.update(call["id"] for call in calls)
            texts = [message.get("content"), *(call["function"]["arguments"] for call in calls)]
            yield {"role": "assistant", "content": "\n".join(filter(None, texts))}
        elif message.get("tool_call_id") in ids:
            yield {"role": "user", "content": message["content"]}
        else:
            yield message


def _turn(message: Message) -> Message:
    """A user's or an assistant's message."""
    content = message.get("content")
    added = [_text(message["refusal"])] if message.get("refusal") else []
    added += map(_tool_use, message.get("tool_calls") or ())
    if added or not isinstance(content, str):
        content = [*_blocks(content), *added]
    if content == message.get("content") and not message.keys() & _CHAT_ONLY:
        return message
    kept = {key: value for key, value in message.items() if key not in _CHAT_ONLY}
    return {**kept, "content": content}


def _results(messages: Iterable[Message]) -> Message:
    return {"role": "user", "content": list(map(_result, messages))}


def _result(message: Message) -> Block:
    content = message.get("content")
    block: Block = {"type": "tool_result", "tool_use_id": message["tool_call_id"]}
    if content:
        block["content"] = content if isinstance(content, str) else list(_blocks(content))
    if message.get("is_error"):
        block["is_error"] = True
    return block


def _tool_use(call: Mapping[str, Any]) -> Block:
    function = call["function"]
    return {
        "type": "tool_use",
        "id": call["id"],
        "name": function["name"],
        "input": arguments_object(function.get("arguments"), key=_INVALID),
    }


# Parts --------------------------------------------------------------------------------------


def _blocks(content: str | Iterable[Any] | None) -> Iterator[Any]:
    parts: Iterable[Any] = [_text(content)] if isinstance(content, str) else content or ()
    for part in parts:
        # Content that the SDK gave may hold its objects, which it takes back as they are.
        kind = part.get("type", "") if isinstance(part, Mapping) else ""
        block = _PARTS[kind](part) if kind in _PARTS else part
        if kind != "text" or block["text"]:
            yield block


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def _refusal(part: Mapping[str, Any]) -> Block:
    return _text(part["refusal"])


def _image(part: Mapping[str, Any]) -> Block:
    url = part["image_url"]["url"]
    if not url.startswith("data:"):
        return {"type": "image", "source": {"type": "url", "url": url}}
    media_type, data = split_data_url(url)
    return {"type": "image", "source": _base64(media_type, data)}


def _file(part: Mapping[str, Any]) -> Block:
    file = part["file"]
    title = {"title": file["filename"]} if file.get("filename") else {}
    if file.get("file_id"):
        return {"type": "document", "source": {"type": "file", "file_id": file["file_id"]}, **title}
    address = file.get("file_data") or ""
    if address.startswith(("http://", "https://")):
        # Anthropic fetches it, and takes PDF alone so: `URLPDFSourceParam` of its SDK.
        return {"type": "document", "source": {"type": "url", "url": address}, **title}
    media_type, data = split_data_url(address)
    if media_type.startswith("image/"):
        return {"type": "image", "source": _base64(media_type, data)}
    if media_type != "application/pdf":
        raise ConfigurationError(f"Anthropic takes PDF and images as files, not {media_type!r}")
    return {"type": "document", "source": _base64(media_type, data), **title}


def _base64(media_type: str, data: str) -> Block:
    return {"type": "base64", "media_type": media_type, "data": data}


def _audio(_part: Mapping[str, Any]) -> Block:
    raise ConfigurationError("Anthropic takes no audio: remove the input_audio part")


_PARTS: Final[Mapping[str, Callable[[Mapping[str, Any]], Block]]] = {
    "refusal": _refusal,
    "image_url": _image,
    "file": _file,
    "input_audio": _audio,
}
