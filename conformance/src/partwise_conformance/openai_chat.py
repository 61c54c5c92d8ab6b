"""An answer in the wire format of OpenAI's chat completions, streamed.

The chunks are those of the vendor's own API: a first one with the role, one a delta, one with the
finish reason, one with the usage and no choice, then `[DONE]`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .reply import Reply, sse
from .tokens import cut_like_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .exchange import RecordedRequest
    from .server import Handler


def chat_answer(text: str, *, pace: float = 0.0, gated: bool = False, seed: int = 0) -> Handler:
    """A handler for a `ReplayServer` that gives `text` as the answer to any chat request.

    A request that forces a tool gets a call of that tool with `text` as its arguments, one that
    requires some tool a call of its first, any other gets `text` as the message. The deltas are cut
    as a model's are; `pace` is in seconds a chunk.
    """
    deltas = list(cut_like_tokens(text, seed=seed))

    def answer(request: RecordedRequest) -> Reply:
        return Reply(
            body=list(chat_events(deltas, request.json())),
            headers={"content-type": "text/event-stream; charset=utf-8"},
            pace=pace,
            gated=gated,
        )

    return answer


def chat_events(deltas: Sequence[str], request: dict[str, Any]) -> Iterator[bytes]:
    """The server-sent events that answer `request`, which is the body of a chat completion."""
    tool = _forced_tool(request)
    head = {"role": "assistant", "content": None if tool else "", "refusal": None}
    choices = [head | _call(tool) if tool else head]
    choices += [_arguments(delta) if tool else {"content": delta} for delta in deltas]
    for delta in choices:
        yield _chunk(request, [{"index": 0, "delta": delta, "logprobs": None}])
    yield _chunk(request, [{"index": 0, "delta": {}, "logprobs": None}], finish_reason="stop")
    if (request.get("stream_options") or {}).get("include_usage"):
        yield _chunk(request, [], usage=_usage(request, len(deltas)))
    yield sse("[DONE]")


def _forced_tool(request: dict[str, Any]) -> str | None:
    choice = request.get("tool_choice")
    if choice == "required":
        choice = request["tools"][0]
    return choice["function"]["name"] if isinstance(choice, dict) else None


def _call(tool: str) -> dict[str, Any]:
    function = {"name": tool, "arguments": ""}
    call = {"index": 0, "id": "call_replayed", "type": "function", "function": function}
    return {"tool_calls": [call]}


def _arguments(delta: str) -> dict[str, Any]:
    return {"tool_calls": [{"index": 0, "function": {"arguments": delta}}]}


def _chunk(
    request: dict[str, Any],
    choices: list[dict[str, Any]],
    *,
    finish_reason: str | None = None,
    usage: dict[str, Any] | None = None,
) -> bytes:
    return sse(
        {
            "id": "chatcmpl-replayed",
            "object": "chat.completion.chunk",
            "created": 1_766_000_000,
            "model": request["model"],
            "service_tier": "default",
            "system_fingerprint": None,
            "choices": [choice | {"finish_reason": finish_reason} for choice in choices],
            "usage": usage,
        }
    )


def _usage(request: dict[str, Any], completion: int) -> dict[str, Any]:
    """A token a delta; of the prompt, one every four characters, which is about the truth."""
    prompt = len(json.dumps(request["messages"])) // 4
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
