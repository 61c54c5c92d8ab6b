"""The errors that partwise raises.

    PartwiseError
     ├── ConfigurationError             the call can't be made as asked: no request was sent
     │    ├── ProviderNotFoundError     no plugin of that name is installed, or it is broken
     │    ├── MissingKeyError           no API key was given, nor found in the environment
     │    └── PathError                 no answer has anything at that path; a ValueError, too
     ├── ProviderError                  the vendor, or the way to it, failed
     │    ├── BadRequestError           the vendor will not take this request (4xx)
     │    ├── AuthenticationError       the key is wrong, or may not do this (401, 403)
     │    ├── RateLimitError            too many requests or tokens (429)
     │    ├── ServerError               the vendor failed or is overloaded (5xx)
     │    ├── ProviderConnectionError   no connection, or it broke
     │    └── ProviderTimeoutError      the vendor took too long
     ├── OutputError                    the vendor answered, and the answer can't be used
     │    ├── MalformedOutputError      not JSON; has the position and shows a caret
     │    ├── InvalidOutputError        JSON, and not accepted by the response model
     │    ├── IncompleteOutputError     cut off: by length, or the stream just ended
     │    ├── RefusalError              the model declined
     │    └── ContentFilterError        the vendor's filter stopped it
     ├── NotAppendableError             `json_deltas()`: text already given was changed
     ├── BudgetExceededError            the call spent the tokens that it was given
     └── RetriesExhaustedError          every attempt failed; has each one's error

Nothing received is lost: each error raised by a stream carries everything received until then in
`snapshot`, `text`, `reasoning`, `usage`, `finish_reason` and `attempt`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

    from ._usage import FinishReason, Usage

_EXCERPT_CHARS: Final = 40
"""Characters shown on each side of a fault."""

_SHOWN_CHARS: Final = 200
"""Characters of a value that a message shows."""

_MESSAGE_CHARS: Final = 4000
"""Characters that `str(error)` shows; `error.args` has them all."""


class PartwiseError(Exception):
    """The root of all errors of this package.

    Attributes:
        snapshot: the last snapshot of the attempt; None if there was none.
        text: the raw text of the structured answer so far.
        reasoning: the model's reasoning so far, as far as the vendor showed it.
        usage: the tokens spent, as far as the vendor said; None if it said nothing.
        finish_reason: why the vendor stopped, if it said.
        raw_finish_reason: the vendor's own word for it, such as `"SAFETY"`.
        attempt: the number of the attempt, from 1.
        advice: what to do about it, if partwise knows; `str(error)` ends with it.
        retryable: whether the same call may succeed later.
    """

    snapshot: Any = None
    text: str = ""
    reasoning: str = ""
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    raw_finish_reason: str | None = None
    attempt: int = 1
    advice: str = ""
    retryable: bool = False

    def __str__(self) -> str:
        text = super().__str__()
        if len(text) > _MESSAGE_CHARS:
            more = len(text) - _MESSAGE_CHARS
            text = f"{text[:_MESSAGE_CHARS]}… ({more} more characters in error.args[0])"
        return f"{text.rstrip('.')}; {self.advice}" if self.advice else text

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own would call a class of several parameters with the message alone.
        return (Exception.__new__, (type(self), *self.args), self.__dict__)


def shown(value: object) -> str:
    """The value's `repr` in an error's message: short, and no error of its own."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - of the user's class, or of an integer with many digits
        text = type_shown(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"


def described(error: BaseException) -> str:
    """An error's class and message, as in `KeyError: 'x'`."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - of a class of somebody else's
        text = ""
    return f"{type(error).__name__}: {text}".removesuffix(": ")


def type_shown(value: object) -> str:
    """The value's type in an error's message, if its `repr` may have a key in it."""
    how = "; pass its get_secret_value()" if hasattr(type(value), "get_secret_value") else ""
    return f"a value of type {type(value).__name__}{how}"


def attribute_of(value: object, name: str) -> Any:
    """An attribute of an object of anybody's; None if it has none, or fails to give it."""
    try:
        return getattr(value, name, None)
    except Exception:  # noqa: BLE001 - of the user's class
        return None


class ConfigurationError(PartwiseError):
    """The call can't be made as asked. No request was sent.

    Raised at once, by `from_provider` or by the call. The message names the argument and the valid
    values, as in `unknown mode 'toolz'; did you mean 'tools'?`: correct the call.
    """


class ProviderNotFoundError(ConfigurationError):
    """No usable plugin has that name.

    Raised by `from_provider`. The message names the nearest name, or the package to install;
    `partwise providers` lists all.
    """


class MissingKeyError(ConfigurationError):
    """No API key was given, and the environment has none.

    Raised by `from_provider`. Set the variable that the message names, or pass `api_key=`.
    """


class PathError(ConfigurationError, ValueError):
    """No answer of this response model has anything at that path, or it is not a path at all.

    Raised when a view is made, or a state asked for. The message names the fields that there are.
    A `ValueError`, too.
    """


class ProviderError(PartwiseError):
    """The vendor, or the way to it, failed. `__cause__` is the vendor SDK's own exception.

    Attributes:
        provider: the provider's name, as in `from_provider("name/…")`.
        status_code: the HTTP status; None if there was none.
        retryable: whether the same request may succeed later.
        retry_after: seconds that the vendor asked to wait, or None.
        retried: whether the vendor's SDK has sent the request again by itself before it raised
            this. A plugin sets it if its SDK does, since the user made that client or asked for
            it; if it is False, the session retries.
    """

    retried: bool = False

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        status_code: int | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.status_code = status_code
        self.retryable = retryable
        self.retry_after = retry_after


class BadRequestError(ProviderError):
    """The vendor will not take this request, however often it is sent.

    A status of 4xx other than those below: an unknown model, a parameter that it lacks, a prompt
    that is too long. `advice` says which, if the vendor's words do. Retryable for 409 alone.
    """


class AuthenticationError(ProviderError):
    """The key is wrong, or may not do this (401, 403).

    Check the key, and the account's access to this model. Never retryable.
    """


class RateLimitError(ProviderError):
    """Too many requests, or too many tokens (429).

    `retry_after` has the seconds that the vendor asks for, and a call waits and asks again as often
    as `max_retries` says. Not retryable if the account's quota is spent: see its billing.
    """


class ServerError(ProviderError):
    """The vendor failed, or is overloaded (5xx), or sent something that can't be read.

    Retryable, unless a page came in place of an answer: then `base_url=` is wrong.
    """


class ProviderConnectionError(ProviderError):
    """No connection to the vendor, or it broke.

    `advice` names the address, and whether a host, a server or a certificate is at fault.
    Retryable, unless TLS can't be agreed on.
    """


class ProviderTimeoutError(ProviderError):
    """The vendor took too long, or the call's `timeout` or `idle_timeout` is over.

    Retryable, unless it was the time of the whole call.
    """


class OutputError(PartwiseError):
    """The vendor answered, and the answer can't be used."""


class MalformedOutputError(OutputError):
    """The answer is not JSON.

    Attributes:
        position: characters of the answer's text before the fault.
        line, column: the same place, both counted from 1.
        excerpt: the line around the fault with a caret under it.
    """

    def __init__(
        self, message: str, *, position: int, line: int, column: int, excerpt: str
    ) -> None:
        super().__init__(f"{message} at line {line} column {column}\n{excerpt}")
        self.message = message
        self.position = position
        self.line = line
        self.column = column
        self.excerpt = excerpt


def malformed(message: str, text: str, position: int) -> MalformedOutputError:
    """The error for a fault at that position of the text, with the line around it and a caret."""
    line_start = text.rfind("\n", 0, position) + 1
    line_end = text.find("\n", position)
    line_end = len(text) if line_end < 0 else line_end
    start = max(line_start, position - _EXCERPT_CHARS)
    shown = text[start : min(line_end, position + _EXCERPT_CHARS)]
    # One column a character, whatever it is: a tab or a control character would shift the caret.
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown)
    return MalformedOutputError(
        message,
        position=position,
        line=text.count("\n", 0, position) + 1,
        column=position - line_start + 1,
        excerpt=f"    {printable}\n    {' ' * (position - start)}^",
    )


class InvalidOutputError(OutputError):
    """The answer is JSON, and the response model does not accept it.

    `__cause__` is pydantic's `ValidationError`; `errors()` gives its details, whose `loc` is the
    path from the answer's root.

    Attributes:
        early: whether it was found before the answer's end.
    """

    def __init__(self, message: str, details: Sequence[ErrorDetails], *, early: bool) -> None:
        super().__init__(message)
        self._details = list(details)
        self.early = early

    def errors(self) -> list[ErrorDetails]:
        """The faults, as `pydantic.ValidationError.errors()` gives them."""
        return list(self._details)


class IncompleteOutputError(OutputError):
    """The answer was cut off: `finish_reason` is `"length"`, or the stream just ended.

    `advice` names the limit to raise; `resume=True` asks for the rest in place of a new answer.
    """


class RefusalError(OutputError):
    """The model declined. `refusal` is its text."""

    def __init__(self, message: str, *, refusal: str) -> None:
        super().__init__(message)
        self.refusal = refusal


class ContentFilterError(OutputError):
    """The vendor's filter stopped the answer. It is not asked for again: change the messages."""


class NotAppendableError(PartwiseError):
    """Text that only grows can't show this answer: a validator, or a restart, changed its JSON."""


class BudgetExceededError(PartwiseError):
    """The call spent the tokens of its `token_budget`. `usage` adds up all attempts."""


class RetriesExhaustedError(PartwiseError):
    """Every attempt failed. `__cause__` is the last one's error; `usage` adds up all attempts.

    Attributes:
        errors: each attempt's error in order, with that attempt's text, snapshot and usage.
    """

    def __init__(self, message: str, errors: Sequence[PartwiseError]) -> None:
        super().__init__(message)
        self.errors = tuple(errors)
        self.retryable = errors[-1].retryable if errors else False
