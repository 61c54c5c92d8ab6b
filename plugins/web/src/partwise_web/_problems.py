"""Errors as a frontend is told of them: problem details of RFC 9457."""

from __future__ import annotations

import math
from typing import Final, NotRequired, TypedDict

from partwise import (
    OutputError,
    PartwiseError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    RetriesExhaustedError,
)

from ._errors import AnswerFailedError, AnswerTakenError, UnknownAnswerError

_STATUSES: Final[tuple[tuple[type[Exception], int], ...]] = (
    (UnknownAnswerError, 404),
    (AnswerTakenError, 409),
    (RateLimitError, 503),
    (ProviderTimeoutError, 504),
    (ProviderError, 502),
    (OutputError, 502),
)
"""A vendor's 401 is about this server's key and not about the caller's, so it is a 502."""


class Problem(TypedDict):
    """Problem details, with the name of the error's class and the attempt."""

    title: str
    status: int
    detail: str
    error: str
    attempt: NotRequired[int]
    provider: NotRequired[str]
    retry_after: NotRequired[float]


def problem_of(error: Exception) -> Problem:
    """The problem details of an error. An error that is not partwise's has no details."""
    if isinstance(error, RetriesExhaustedError):
        return {**problem_of(error.errors[-1]), "detail": str(error)}
    if not isinstance(error, PartwiseError):
        return Problem(title="Internal Server Error", status=500, detail="", error="Exception")
    if isinstance(error, AnswerFailedError):
        name, status = error.kind, error.status
    else:
        name = type(error).__name__
        status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
    problem = Problem(
        title="The answer failed",
        status=status,
        detail=str(error),
        error=name,
        attempt=error.attempt,
    )
    if isinstance(error, ProviderError):
        problem["provider"] = error.provider
        if error.retry_after is not None:
            problem["retry_after"] = error.retry_after
    return problem


def headers_of(problem: Problem) -> dict[str, str]:
    """The headers of a response that has the problem as its body."""
    headers = {"content-type": "application/problem+json"}
    if "retry_after" in problem:
        headers["retry-after"] = str(math.ceil(problem["retry_after"]))
    return headers
