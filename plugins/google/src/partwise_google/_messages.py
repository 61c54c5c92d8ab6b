"""Messages in OpenAI's chat form become Google's `contents`; Google's own pass through untouched.

- `system` and `developer` messages leave the conversation for the `system_instruction`.
- Images, audio and files become `inline_data` (base64) or `file_data` (an address).
- An assistant's `tool_calls` become `function_call` parts after its text.
- `tool` messages become `function_response` parts of one content, as many as follow each other:
  Gemini wants the results of one turn's calls together. The message may have `is_error`.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from partwise.provider import (
    ConfigurationError,
    arguments_object,
    decode_base64,
    split_data_url,
)

Message: TypeAlias = Mapping[str, Any]
Part: TypeAlias = Mapping[str, Any]

_SYSTEM_ROLES: Final = frozenset({"system", "developer"})

# Gemini 3 wants the signature of the thought behind a call, which OpenAI's form has no place for.
# Google documents this in place of one that is not known, and sends it in its own agents.
_UNSIGNED: Final = b"skip_thought_signature_validator"


def to_messages(messages: Sequence[Message]) -> list[Any]:
    """The conversation in Google's form, without the messages of `to_system`.

    Raises:
        ConfigurationError: a message has a role or a part that Google has no counterpart for.
    """
    names = _call_names(messages)
    turns = (message for message in messages if _role(message) not in _SYSTEM_ROLES)
    contents: list[Any] = []
    for are_results, group in groupby(turns, lambda message: _role(message) == "tool"):
        if are_results:
            contents.append(_content("user", (_result(message, names) for message in group)))
        else:
            contents += map(_turn, group)
    return contents


def to_system(messages: Iterable[Message]) -> list[Part]:
    """The parts of the system instruction: the text of each system message."""
    system = (message for message in messages if _role(message) in _SYSTEM_ROLES)
    return [part for message in system for part in _parts(message.get("content"))]


def _role(message: Any) -> str | None:
    """The role of a message in OpenAI's form; None if it is in Google's."""
    if not isinstance(message, Mapping) or "parts" in message:
        return None
    return str(message.get("role"))


def _turn(message: Any) -> Any:
    match _role(message):
        case None:
            return message
        case "user":
            return _content("user", _parts(message.get("content")))
        case "assistant":
            return _content("model", _answer(message))
        case role:
            raise ConfigurationError(f"Google has no counterpart for the role {role!r}")


def _content(role: str, parts: Iterable[Part]) -> dict[str, Any]:
    return {"role": role, "parts": list(parts)}


# Calls and their results --------------------------------------------------------------------


def _answer(message: Message) -> Iterator[Part]:
    yield from _parts(message.get("content"))
    if message.get("refusal"):
        yield _text(message["refusal"])
    for index, call in enumerate(message.get("tool_calls") or ()):
        # Of calls made at once only the first is signed.
        signature = {} if index else {"thought_signature": _UNSIGNED}
        yield {"function_call": _function_call(call), **signature}


def _function_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    identity = {"id": call["id"]} if call.get("id") else {}
    arguments = arguments_object(function.get("arguments"))
    return {**identity, "name": function["name"], "args": arguments}


def _call_names(messages: Iterable[Message]) -> dict[str, str]:
    """The function of each call's id: Google asks for its name with the result."""
    return {
        call.get("id", ""): call["function"]["name"]
        for message in messages
        if _role(message) == "assistant"
        for call in message.get("tool_calls") or ()
    }


def _result(message: Message, names: Mapping[str, str]) -> Part:
    call = message.get("tool_call_id", "")
    name = message.get("name") or names.get(call)
    if name is None:
        raise ConfigurationError(f"a tool message answers {call!r}, and no tool call has that id")
    output = "".join(part.get("text", "") for part in _parts(message.get("content")))
    kind = "error" if message.get("is_error") else "output"
    return {"function_response": {"id": call, "name": name, "response": {kind: output}}}


# Parts --------------------------------------------------------------------------------------


def _parts(content: str | Iterable[Any] | None) -> Iterator[Any]:
    if isinstance(content, str):
        yield _text(content)
        return
    for part in content or ():
        if isinstance(part, str):
            yield _text(part)
        elif isinstance(part, Mapping) and "type" in part:
            yield _part(part)
        else:
            yield part


def _part(part: Part) -> Part:
    convert = _PARTS.get(part["type"])
    if convert is None:
        raise ConfigurationError(f"Google has no counterpart for a part of type {part['type']!r}")
    return convert(part)


def _text(text: str) -> Part:
    return {"text": text}


def _image(part: Part) -> Part:
    image = part["image_url"]
    return _media(image if isinstance(image, str) else image["url"])


def _audio(part: Part) -> Part:
    audio = part["input_audio"]
    return _inline(f"audio/{audio['format']}", audio["data"])


def _file(part: Part) -> Part:
    file = part["file"]
    name = file.get("filename")
    if file.get("file_id"):
        return _linked(file["file_id"], name)
    data = file.get("file_data") or ""
    if data.startswith("data:"):
        return _media(data)
    if "://" in data:
        return _linked(data, name)
    kind = _guess(name or "")
    if kind is None:
        raise ConfigurationError("file parts need their content as a data: URL")
    return _inline(kind, data)


_PARTS: Final[Mapping[str, Callable[[Part], Part]]] = {
    "text": lambda part: _text(part["text"]),
    "refusal": lambda part: _text(part["refusal"]),
    "image_url": _image,
    "input_audio": _audio,
    "file": _file,
}


def _media(url: str) -> Part:
    if not url.startswith("data:"):
        return _linked(url)
    return _inline(*split_data_url(url))


def _inline(kind: str, data: str) -> Part:
    content = decode_base64(data, f"a part of type {kind}")
    return {"inline_data": {"mime_type": kind, "data": content}}


def _linked(uri: str, name: str | None = None) -> Part:
    """A file at an address; its name may give its type."""
    kind = _guess(name or urlsplit(uri).path)
    return {"file_data": {"file_uri": uri, **({"mime_type": kind} if kind else {})}}


def _guess(name: str) -> str | None:
    """The media type of a file, by its name."""
    return mimetypes.guess_type(name, strict=False)[0]
