"""Answers of all vendors in the shape of OpenAI's `ChatCompletion`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from partwise.provider import Finish, RefusalDelta, TextDelta, ToolCallDelta, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from partwise import Completion
    from partwise.provider import Chunk, FinishReason


@dataclass(frozen=True, slots=True)
class PromptTokensDetails:
    """The part of the prompt that the vendor had in its cache."""

    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class CompletionTokensDetails:
    """The part of the answer that is reasoning."""

    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class CompletionUsage:
    """Tokens, under OpenAI's names and under Anthropic's.

    `cache_creation_input_tokens` is None: partwise counts no writes to a vendor's cache. They are
    in the vendor's own `events`.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: PromptTokensDetails = PromptTokensDetails()
    completion_tokens_details: CompletionTokensDetails = CompletionTokensDetails()
    cache_creation_input_tokens: None = None

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def input_tokens(self) -> int:
        return self.prompt_tokens

    @property
    def output_tokens(self) -> int:
        return self.completion_tokens

    @property
    def cache_read_input_tokens(self) -> int:
        return self.prompt_tokens_details.cached_tokens


@dataclass(frozen=True, slots=True)
class Function:
    """The name and the arguments of a tool call."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool."""

    id: str
    function: Function
    type: str = "function"


@dataclass(frozen=True, slots=True)
class Message:
    """The model's message."""

    content: str | None
    tool_calls: list[ToolCall] | None = None
    refusal: str | None = None
    role: str = "assistant"


@dataclass(frozen=True, slots=True)
class Choice:
    """The one choice."""

    message: Message
    finish_reason: str | None
    index: int = 0


@dataclass(frozen=True, slots=True)
class RawResponse:
    """One answer.

    Attributes:
        choices: one, with the text, or the tool calls, that came.
        usage: the tokens, or None if the vendor reported none.
        model: the vendor's name of the model.
        events: the vendor's events in its own form.
    """

    choices: list[Choice]
    usage: CompletionUsage | None
    model: str
    events: tuple[Any, ...] = field(default=(), repr=False)
    id: str = ""
    object: str = "chat.completion"

    @property
    def output_text(self) -> str:
        """The text, under the name that the Responses API has for it."""
        return self.choices[0].message.content or ""


def of_completion(completion: Completion) -> RawResponse:
    """The answer of a structured call."""
    call = completion.call
    if call.mode.uses_tool:
        function = Function(call.response_model, completion.text)
        message = Message(None, [ToolCall("call_0", function)])
    else:
        message = Message(completion.text)
    return RawResponse(
        [Choice(message, completion.finish_reason)],
        _usage(completion.usage),
        call.model,
        completion.events,
    )


def of_chunks(chunks: Iterable[Chunk], model: str) -> RawResponse:
    """The answer of a call without a response model."""
    text: list[str] = []
    refusal: list[str] = []
    calls: dict[int, list[Any]] = {}
    usage: Usage | None = None
    reason: FinishReason | None = None
    for chunk in chunks:
        match chunk:
            case TextDelta():
                text.append(chunk.text)
            case RefusalDelta():
                refusal.append(chunk.text)
            case ToolCallDelta():
                call = calls.setdefault(chunk.index, ["", "", []])
                call[0] = call[0] or chunk.id or ""
                call[1] = call[1] or chunk.name or ""
                call[2].append(chunk.arguments)
            case Usage():
                usage = chunk
            case Finish():
                reason = reason or chunk.reason
    made = [
        ToolCall(call_id or f"call_{index}", Function(name, "".join(arguments)))
        for index, (call_id, name, arguments) in sorted(calls.items())
    ]
    message = Message("".join(text) or None, made or None, "".join(refusal) or None)
    return RawResponse([Choice(message, reason)], _usage(usage), model)


def _usage(usage: Usage | None) -> CompletionUsage | None:
    if usage is None:
        return None
    return CompletionUsage(
        usage.input_tokens,
        usage.output_tokens,
        PromptTokensDetails(usage.cached_input_tokens),
        CompletionTokensDetails(usage.reasoning_tokens),
    )
