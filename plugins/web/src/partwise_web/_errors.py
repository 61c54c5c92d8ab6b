"""The errors of logged answers.

PartwiseError
├── AnswerTakenError          another worker writes this answer
└── ProviderError
    ├── UnknownAnswerError   the log has no such answer, or it has expired
    ├── AnswerFailedError    the answer ended in an error at its worker
    └── WorkerLostError      the worker gave no sign of life, before the answer's end
"""

from __future__ import annotations

from partwise import PartwiseError, ProviderError


class AnswerTakenError(PartwiseError):
    """Another worker writes this answer, or has taken it over."""


class UnknownAnswerError(ProviderError):
    """The log has no such answer, or it has expired."""

    def __init__(self, answer: str) -> None:
        super().__init__(f"no answer {answer!r} in the log", provider="log")


class AnswerFailedError(ProviderError):
    """The answer ended in an error at its worker.

    Attributes:
        kind: the name of that error's class.
        status: the HTTP status that tells of it.
    """

    def __init__(self, message: str, *, kind: str, status: int = 502) -> None:
        super().__init__(message, provider="log")
        self.kind = kind
        self.status = status


class WorkerLostError(ProviderError):
    """The worker that wrote the answer gave no sign of life for the time of a heartbeat."""

    def __init__(self, answer: str) -> None:
        message = f"the worker of answer {answer!r} is gone before the answer's end"
        super().__init__(message, provider="log")
