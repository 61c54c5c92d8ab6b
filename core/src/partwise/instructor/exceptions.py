"""Instructor's exceptions, each a `partwise.PartwiseError` too; `__cause__` is partwise's own.

InstructorError
├── InstructorRetryException        the last attempt failed
├── IncompleteOutputException       the answer was cut off by its length
├── ConfigurationError  ModeError  ProviderError  ClientError
└── ValidationError  ResponseParsingError  TokenBudgetExceeded  TokenUsageUnavailableError
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import partwise
from partwise import PartwiseError

__all__ = [
    "AsyncValidationError", "ClientError", "ConfigurationError", "FailedAttempt",
    "IncompleteOutputException", "InstructorError", "InstructorRetryException",
    "InstructorValidationError", "ModeError", "MultimodalError", "ProviderError",
    "ResponseParsingError", "TokenBudgetError", "TokenBudgetExceeded",
    "TokenUsageUnavailableError", "ValidationError",
]  # fmt: skip


class InstructorError(PartwiseError):
    """The root of Instructor's exceptions."""


class FailedAttempt(NamedTuple):
    """One attempt that failed.

    Attributes:
        attempt_number: counted from 1.
        exception: partwise's error.
        completion: the text received.
    """

    attempt_number: int
    exception: PartwiseError
    completion: str


class InstructorRetryException(InstructorError):  # noqa: N818 - Instructor's own name
    """The last attempt failed.

    Attributes:
        n_attempts: how many there were.
        failed_attempts: each of them.
        last_completion: the text received by the last one.
        total_usage: the tokens of all, or None.
        messages: of the call.
        create_kwargs: the call's other keywords.
    """

    def __init__(
        self,
        message: str,
        *,
        error: PartwiseError,
        messages: Sequence[Any],
        create_kwargs: dict[str, Any],
    ) -> None:
        super().__init__(message)
        errors = error.errors if isinstance(error, partwise.RetriesExhaustedError) else (error,)
        self.failed_attempts = [FailedAttempt(each.attempt, each, each.text) for each in errors]
        self.n_attempts = len(errors)
        self.last_completion = errors[-1].text
        self.total_usage = error.usage
        self.messages = messages
        self.create_kwargs = create_kwargs


class IncompleteOutputException(InstructorError):  # noqa: N818 - as above
    """The answer was cut off; `last_completion` is the text received."""

    def __init__(self, message: str, *, last_completion: str = "") -> None:
        super().__init__(message)
        self.last_completion = last_completion


class ValidationError(InstructorError):
    """The answer is not valid."""


InstructorValidationError = ValidationError
AsyncValidationError = ValidationError


class ResponseParsingError(ValueError, InstructorError):
    """The answer is not JSON."""


class TokenBudgetError(InstructorError):
    """The root of the errors of a call's `token_budget`."""


class TokenBudgetExceeded(TokenBudgetError):  # noqa: N818 - as above
    """The call spent its `token_budget`."""


class TokenUsageUnavailableError(TokenBudgetError):
    """For `except` clauses: never raised, since partwise counts tokens not reported as none."""


class ConfigurationError(InstructorError):
    """The call can't be made as asked."""


class ModeError(ConfigurationError):
    """The provider has no such mode."""


class ProviderError(InstructorError):
    """The vendor failed."""


class ClientError(InstructorError):
    """The SDK's client can't be used."""


class MultimodalError(ValueError, InstructorError):
    """An image, a sound or a document can't be read."""


@contextmanager
def translated(messages: Sequence[Any], keywords: dict[str, Any]) -> Iterator[None]:
    """Raise partwise's errors as Instructor's, with everything that they carry."""
    try:
        yield
    except InstructorError:
        raise
    except PartwiseError as error:
        raise _instructors(error, messages, keywords) from error


def _instructors(
    error: PartwiseError, messages: Sequence[Any], keywords: dict[str, Any]
) -> InstructorError:
    made: InstructorError
    match error:
        case partwise.ConfigurationError():
            made = (ModeError if "mode" in str(error) else ConfigurationError)(str(error))
        case partwise.BudgetExceededError():
            made = TokenBudgetExceeded(str(error))
        case partwise.IncompleteOutputError(finish_reason="length"):
            made = IncompleteOutputException(str(error), last_completion=error.text)
        case _:
            made = InstructorRetryException(
                str(error), error=error, messages=messages, create_kwargs=keywords
            )
    made.__dict__ |= {**error.__dict__, **made.__dict__}
    return made
