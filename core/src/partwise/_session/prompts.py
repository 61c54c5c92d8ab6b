"""The core's own messages to a model: the schema in the prompt, and faults.

All of it is in OpenAI's chat form, which every plugin converts.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from jiter import from_json

from .._errors import InvalidOutputError, MalformedOutputError
from .._json.limits import Limits
from .._paths import format_path
from .._providers.mode import Mode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._errors import PartwiseError
    from .._providers.protocol import Request
    from .attempt import Attempt

Message: TypeAlias = "Mapping[str, Any]"

_FOLLOWS = "It follows this JSON schema:"
_FALLBACK_NAME = "answer"
_MAX_NAME = 64


def tool_name(name: str) -> str:
    """The name in the letters that every vendor takes: `Page[User]` is called `Page_User`."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-")[:_MAX_NAME] or _FALLBACK_NAME
    return plain if plain[0].isalpha() else f"_{plain}"[:_MAX_NAME]


def with_schema(request: Request) -> list[Message]:
    """The request's messages, with the schema in the system message if its approach asks for it."""
    mode = request.mode
    if not (mode.prompts_schema or request.schema_in_prompt):
        return list(request.messages)
    if mode.uses_tool:
        order = f"Answer by calling the tool {request.name}. Its arguments follow this JSON schema:"
    else:
        form = "in a fenced block of JSON" if mode is Mode.MD_JSON else "and with nothing else"
        order = f"Answer with one JSON object, {form}. {_FOLLOWS}"
    return _with_system(request.messages, f"{order}\n{_as_json(request.schema)}")


def _with_system(messages: Sequence[Message], text: str) -> list[Message]:
    if messages and messages[0].get("role") in ("system", "developer"):
        first, *rest = messages
        if isinstance(first.get("content"), str):
            return [{**first, "content": f"{first['content']}\n\n{text}"}, *rest]
    return [{"role": "system", "content": text}, *messages]


def correction(
    request: Request, attempt: Attempt, error: PartwiseError, most: int = Limits().errors
) -> list[Message]:
    """The model's own answer so far, and at most `most` of its faults.

    In a tool mode the answer is repeated as the call that it was, and the fault is its result;
    unless the arguments aren't JSON even with their end supplied, which no vendor would take.
    The reasoning goes with the call, as DeepSeek's and Moonshot's `reasoning_content`: those want
    it back beside `tool_calls` (https://api-docs.deepseek.com/guides/thinking_mode), and a plugin
    drops it for every other model.
    """
    arguments = _closed(attempt.builder.text) if request.mode.uses_tool else None
    if arguments is not None:
        call_id = attempt.call_id or "call_1"
        function = {"name": request.name, "arguments": arguments}
        call = {"id": call_id, "type": "function", "function": function}
        thought = {"reasoning_content": attempt.reasoning} if attempt.reasoning else {}
        fault = {"content": explain(error, most), "is_error": True}
        return [
            {"role": "assistant", "content": None, "tool_calls": [call], **thought},
            {"role": "tool", "tool_call_id": call_id, **fault},
        ]
    answer: list[Message] = [{"role": "assistant", "content": attempt.text}]
    return [
        *(answer if attempt.text.strip() else []),
        {"role": "user", "content": explain(error, most)},
    ]


def continuation(request: Request, text: str, ending: str) -> list[Message]:
    """The part of the answer that has arrived, and the request for the rest, as plain text.

    The model is to begin with the `ending` of the part.
    """
    wish = [
        "This JSON was cut off. Write the rest, so that both parts joined are the whole.",
        "Begin by repeating exactly the last words of the first part, and go on from there.",
        f"Those words, between two lines of dashes:\n-----\n{ending}\n-----",
        "Write nothing else: no explanation, no fence, no call of a tool.",
    ]
    if not (request.mode.prompts_schema or request.schema_in_prompt):
        # Otherwise only the vendor receives it, and this time it does not.
        wish.insert(1, f"{_FOLLOWS}\n{_as_json(request.schema)}")
    return [
        {"role": "assistant", "content": text},
        {"role": "user", "content": "\n\n".join(wish)},
    ]


def _closed(text: str) -> str | None:
    """The JSON object that the text begins, with its end supplied; None if it begins none."""
    try:
        value = from_json(text.encode(), partial_mode="trailing-strings")
    except ValueError:
        return None
    return _as_json(value) if isinstance(value, dict) else None


def _as_json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def explain(error: PartwiseError, most: int = Limits().errors) -> str:
    """The faults, for the model: a line for each fault, with its path and its message."""
    lines = _faults(error)
    if len(lines) > most:
        lines[most:] = [f"and {len(lines) - most} more"]
    faults = "\n".join(f"- {line}" for line in lines)
    return f"This answer was not accepted:\n{faults}\nGive the whole answer again, corrected."


def _faults(error: PartwiseError) -> list[str]:
    if isinstance(error, InvalidOutputError):
        return [f"{format_path(each['loc']) or 'answer'}: {each['msg']}" for each in error.errors()]
    if isinstance(error, MalformedOutputError):
        place = f"line {error.line}, column {error.column}"
        return [f"not valid JSON at {place}: {error.message}"]
    return [str(error.args[0])]  # without the advice, which is for users
