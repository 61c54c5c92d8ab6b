"""The keyword arguments of the SDK's `create`, for chat completions and for the Responses API."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from partwise.provider import Mode, Request

from ._messages import to_messages
from ._schema import dialect

if TYPE_CHECKING:
    from ._profiles import Profile

RESPONSES_MODES: Final = frozenset({Mode.RESPONSES, Mode.RESPONSES_TOOLS})

# The names of one and the same limit, in chat and in Responses.
_LIMITS: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_RESPONSES_LIMITS: Final = ("max_output_tokens",)

# Parameters of a request that it can do without, if the vendor refuses them.
OPTIONAL: Final = frozenset({
    "frequency_penalty", "parallel_tool_calls", "presence_penalty", "stream_options",
    "temperature", "top_p", *_LIMITS,
})  # fmt: skip


def build_request(request: Request, profile: Profile) -> dict[str, Any]:
    """The keyword arguments for that model. The user's own options win."""
    build = _responses if request.mode in RESPONSES_MODES else _chat
    payload = build(request, profile, fitted_options(request, profile))
    if request.read_timeout is not None:
        payload.setdefault("timeout", request.read_timeout)
    return payload


def as_whole(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The same request for an answer in one document."""
    # "Only set this when you set stream: true", says OpenAI's reference of `stream_options`.
    own = {name: value for name, value in payload.items() if name != "stream_options"}
    return {**own, "stream": False}


def fitted_options(request: Request, profile: Profile) -> dict[str, Any]:
    """The user's options by the names that the model has for them, without those it refuses."""
    options = {
        name: value
        for name, value in request.options.items()
        if name not in _LIMITS and name not in profile.refuses | request.omitted
    }
    limit = next((request.options[name] for name in _LIMITS if name in request.options), None)
    names = _RESPONSES_LIMITS if request.mode in RESPONSES_MODES else profile.limits
    name = next((name for name in names if name not in request.omitted), None)
    return options if limit is None or name is None else {**options, name: limit}


def left_out(request: Request, profile: Profile) -> list[str]:
    """The names of the user's options that the request does without."""
    sent = fitted_options(request, profile)
    limited = any(name in sent for name in _LIMITS)
    return [
        name
        for name, value in request.options.items()
        if name not in sent and value is not None and not (limited and name in _LIMITS)
    ]


def _chat(request: Request, profile: Profile, options: dict[str, Any]) -> dict[str, Any]:
    usage = {"stream_options": {"include_usage": True}} if profile.stream_options else {}
    own = {**usage, **({} if request.plain else _chat_structure(request, profile))}
    if "tools" in own:
        own["tools"] += options.pop("tools", [])
    return {
        "model": request.model,
        "messages": [_message(message, profile) for message in request.messages],
        "stream": True,
        **_without(own, request.omitted),
        **options,
    }


def _without(own: Mapping[str, Any], omitted: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in own.items() if name not in omitted}


def _message(message: Mapping[str, Any], profile: Profile) -> dict[str, Any]:
    """The message without the key that only partwise has, and with the reasoning as it is wanted.

    The session puts an answer's reasoning beside its call as `reasoning_content`; not all servers
    call it so, and OpenAI refuses it.
    """
    own = {key: value for key, value in message.items() if key != "is_error"}
    thought, name = own.pop("reasoning_content", None), profile.reasoning
    if name is None or name in own:
        return own
    # "The `reasoning_content` in the thinking mode must be passed back", says DeepSeek even of a
    # call that had none.
    is_missing = profile.needs_reasoning and bool(own.get("tool_calls"))
    return {**own, name: thought or ""} if thought or is_missing else own


def _chat_structure(request: Request, profile: Profile) -> dict[str, Any]:
    match request.mode:
        case Mode.TOOLS:
            schema, strict = dialect(request, profile)
            function = {**_described(request), "parameters": schema, **strict}
            named = {"type": "function", "function": {"name": request.name}}
            return {
                "tools": [{"type": "function", "function": function}],
                **_tool_options(request, profile, named),
            }
        case Mode.JSON_SCHEMA:
            schema, strict = dialect(request, profile)
            described = {**_described(request), "schema": schema, **strict}
            return {"response_format": {"type": "json_schema", "json_schema": described}}
        case Mode.JSON:
            return {"response_format": {"type": "json_object"}}
    return {}


def _described(request: Request) -> dict[str, str]:
    """The answer's name, and its description if it has one."""
    description = {"description": request.description} if request.description else {}
    return {"name": request.name, **description}


def _tool_options(request: Request, profile: Profile, named: Mapping[str, Any]) -> dict[str, Any]:
    """The options that demand the call of the tool, and of no second one."""
    options: dict[str, Any] = {}
    if request.forced and profile.tool_choice != "offered":
        # Left out and not "auto", which is the same: DeepSeek refuses the parameter as such.
        options["tool_choice"] = named if profile.tool_choice == "named" else "required"
    if profile.parallel_tool_calls:
        options["parallel_tool_calls"] = False
    return options


# Responses ------------------------------------------------------------------------------------


def _responses(request: Request, profile: Profile, options: dict[str, Any]) -> dict[str, Any]:
    """`input` among the options comes before the items of the messages."""
    own = {} if request.plain else _responses_structure(request, profile)
    if "tools" in own:
        own["tools"] += options.pop("tools", [])
    if "text" in own:
        own["text"] = {**options.pop("text", {}), **own["text"]}
    return {
        "model": request.model,
        "input": [*_given(options.pop("input", [])), *to_messages(request.messages)],
        "stream": True,
        **_without(own, request.omitted),
        **options,
    }


def _given(given: str | Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    return [dict(item) for item in given]


def _responses_structure(request: Request, profile: Profile) -> dict[str, Any]:
    schema, strict = dialect(request, profile)
    if request.mode is Mode.RESPONSES:
        # Without the flag, this API takes the schema for a strict one.
        described = {**_described(request), "schema": schema, "strict": False, **strict}
        return {"text": {"format": {"type": "json_schema", **described}}}
    tool = {"type": "function", **_described(request), "parameters": schema, "strict": False}
    named = {"type": "function", "name": request.name}
    return {"tools": [{**tool, **strict}], **_tool_options(request, profile, named)}
