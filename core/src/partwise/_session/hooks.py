"""Hooks: handlers of a client or of a call, and observers of all calls.

    completion:kwargs           (**payload)        a request is about to be sent
    completion:response         (Completion)       an answer was read to its end and is valid
    completion:usage            (Usage)            the tokens of an attempt, once they are final
    completion:error            (error)            the vendor, or the way to it, failed
    completion:last_attempt     (error)            there is no further attempt
    parse:error                 (error)            the answer is not valid
    stream:first_chunk          ()                 the vendor's first event of an attempt
    stream:first_snapshot       (snapshot)         the first snapshot of an attempt
    stream:field_complete       (path, value)      a value is complete and validated
    stream:invalid_element      (InvalidElement)   an element is not valid, and was left out
    stream:restart              (attempt, error)   an attempt failed, and this one begins
    stream:resume               (attempt, error)   an answer was cut off, and this attempt goes on
    stream:end                  (StreamEnd)        a stream has ended

A handler that raises becomes a warning and harms nothing. No payload has a key in it: keys stay
with the provider, and the values of all headers are masked.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

from .._errors import ConfigurationError, described, shown
from .._nearest import is_one_of, nearest
from .._providers.hookspecs import HookName

if TYPE_CHECKING:
    from .._providers.hookspecs import CallInfo
    from .._providers.redaction import Secrets
    from .._usage import FinishReason, Usage

Handler: TypeAlias = Callable[..., object]

_NAMES: Final = get_args(HookName)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The vendor's side of the attempt that brought the value.

    Attributes:
        call: which call it was.
        attempt: the attempt's number, from 1.
        text: the raw text of the answer.
        reasoning: the model's reasoning, or the vendor's summary of it.
        usage: the tokens of this attempt, or None if the vendor said nothing.
        finish_reason: why the vendor stopped; `raw_finish_reason` is its own word for it.
        events: the vendor's events in its own form; empty unless they were asked for, as
            `create_with_completion` does.
    """

    call: CallInfo
    attempt: int
    text: str
    reasoning: str
    usage: Usage | None
    finish_reason: FinishReason | None
    raw_finish_reason: str | None
    events: tuple[Any, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEnd:
    """How a stream ended.

    Attributes:
        outcome: `"value"`, `"error"`, or `"closed"` if its reader left before the end.
        attempts: how many there were.
        usage: the tokens of all attempts, as far as the vendor reported them.
        usage_complete: whether it reported all of them.
        error: the exception, if it ended so.
    """

    outcome: Literal["value", "error", "closed"]
    attempts: int
    usage: Usage | None
    usage_complete: bool
    error: BaseException | None = None


class Hooks:
    """Handlers by name. They are called in the order in which they were added.

    A client has its own as `client.hooks`, and a call takes more by `hooks=`. `a + b` has the
    handlers of both. A handler that raises becomes a `RuntimeWarning` and harms nothing.

    Example:
        ```python
        hooks = partwise.Hooks()
        hooks.on("stream:end", lambda end: print(end.outcome, end.attempts))
        both = hooks + partwise.Hooks()
        ```
    """

    def __init__(self) -> None:
        self._handlers: dict[str, list[Handler]] = {}

    def on(self, name: HookName, handler: Handler) -> None:
        """Call the handler whenever this happens.

        Args:
            name: one of the hooks, such as `"stream:end"`.
            handler: a function of the hook's arguments; its result is not used.

        Raises:
            ConfigurationError: there is no hook of that name, or the handler can't be called.

        Example:
            `hooks.on("stream:restart", lambda attempt, error: print(attempt, error))`
        """
        if not callable(handler):
            raise ConfigurationError(
                f"the handler of {name!r} must be callable, got {shown(handler)}"
            )
        self._handlers.setdefault(_known(name), []).append(handler)

    def off(self, name: HookName, handler: Handler) -> None:
        """Stop calling the handler. Nothing happens if it was not there.

        Args:
            name: one of the hooks, such as `"stream:end"`.
            handler: the one given to `on`. If it was added twice, the other stays.

        Raises:
            ConfigurationError: there is no hook of that name.
        """
        handlers = self._handlers.get(_known(name), [])
        if handler in handlers:
            handlers.remove(handler)

    def clear(self, name: HookName | None = None) -> None:
        """Forget the handlers of that name; all, if none is given.

        Args:
            name: one of the hooks, such as `"stream:end"`; None, the default, means all.

        Raises:
            ConfigurationError: there is no hook of that name.
        """
        if name is None:
            self._handlers.clear()
        else:
            self._handlers.pop(_known(name), None)

    def handlers(self, name: HookName) -> tuple[Handler, ...]:
        return tuple(self._handlers.get(name, ()))

    def __add__(self, other: Hooks) -> Hooks:
        """The handlers of both."""
        both = Hooks()
        for hooks in (self, other):
            for name, handlers in hooks._handlers.items():
                both._handlers.setdefault(name, []).extend(handlers)
        return both


class HookDispatcher:
    """Calls the handlers of one call, and the observers of all calls.

    Attributes:
        listens_to_fields: whether `stream:field_complete` has a handler.
    """

    __slots__ = ("_call", "_hooks", "_observe", "_secrets", "listens_to_fields")

    def __init__(
        self,
        call: CallInfo,
        hooks: tuple[Hooks, ...],
        observe: Callable[..., object] | None,
        secrets: Secrets,
    ) -> None:
        self._call = call
        self._hooks = hooks
        self._observe = observe
        self._secrets = secrets
        self.listens_to_fields = self.has_listeners("stream:field_complete")

    def on(self, name: HookName, handler: Handler) -> None:
        """Call the handler, too, whenever this happens in this call."""
        own = Hooks()
        own.on(name, handler)
        self._hooks = (*self._hooks, own)
        self.listens_to_fields = self.has_listeners("stream:field_complete")

    def has_listeners(self, name: HookName) -> bool:
        return self._observe is not None or any(hooks.handlers(name) for hooks in self._hooks)

    def emit(self, name: HookName, *detail: Any) -> None:
        for hooks in self._hooks:
            for handler in hooks.handlers(name):
                _call_safely(name, handler, detail, {})
        self._emit_to_observers(name, detail)

    def emit_payload(self, payload: Mapping[str, Any]) -> None:
        """Emit `completion:kwargs`, whose handlers take the payload as keywords."""
        name: HookName = "completion:kwargs"
        if self.has_listeners(name):
            safe = self._secrets.masked_payload(payload)
            for hooks in self._hooks:
                for handler in hooks.handlers(name):
                    _call_safely(name, handler, (), safe)
            self._emit_to_observers(name, (safe,))

    def _emit_to_observers(self, name: HookName, detail: tuple[Any, ...]) -> None:
        if self._observe is not None:
            event = {"name": name, "call": self._call, "detail": detail}
            _call_safely(name, self._observe, (), event)


def _known(name: str) -> str:
    if not is_one_of(name, _NAMES):
        hint = nearest(name, _NAMES) or ";"
        raise ConfigurationError(
            f"unknown hook {shown(name)}{hint} choose one of {', '.join(_NAMES)}"
        )
    return name


def _call_safely(
    name: HookName, handler: Handler, arguments: tuple[Any, ...], keywords: Mapping[str, Any]
) -> None:
    try:
        handler(*arguments, **keywords)
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer must not suffer
        message = f"a handler of {name!r} raised {described(error)}"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
