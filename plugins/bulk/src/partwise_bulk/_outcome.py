"""The end of a row, and the sum of all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from partwise import Usage

from ._errors import is_final, last_of
from ._pricing import dollars

if TYPE_CHECKING:
    from ._rows import Row

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Outcome(Generic[T]):
    """How one row ended: with a value, or with an error that has everything received until then.

    Attributes:
        row: the row, as it was read.
        key: the row's key, or its number from 0 if no key was given.
        index: the row's number, from 0.
        value: the validated answer; None if there is an error.
        error: why there is none; a `PartwiseError` has the last snapshot, the text and the usage.
        text: the raw text of the answer, or of as much as there is.
        attempts: requests that were sent for it, refused ones included.
        usage: tokens of all attempts, as far as the vendor told; None if it told nothing.
        cost: US dollars for that usage; None if the model has no known price.
        seconds: from the first request to the end, waits included.
        resumed: whether it is from the checkpoint, and was not asked now.
        final: whether the same request would only end so again. An outcome that is not final, as a
            vendor's failure, is asked again when the same command runs again.
    """

    row: Any
    key: Any
    index: int
    value: T | None = None
    error: Exception | None = None
    text: str = ""
    attempts: int = 0
    usage: Usage | None = None
    cost: Decimal | None = None
    seconds: float = 0.0
    resumed: bool = False
    final: bool = True

    @property
    def ok(self) -> bool:
        """Whether there is a value."""
        return self.error is None

    @property
    def snapshot(self) -> Any:
        """The value, or the last snapshot before the error."""
        return self.value if self.error is None else getattr(self.error, "snapshot", None)


def failed(row: Row, error: Exception) -> Outcome[Any]:
    """The outcome of a row that was not asked, or has no answer."""
    return Outcome(
        row=row.content, key=row.key, index=row.index, error=error, final=is_final(error)
    )


@dataclass(slots=True)
class Summary:
    """All outcomes so far, in numbers.

    Attributes:
        rows: rows that have ended.
        values: those with a value.
        failures: the others, by the name of their error.
        resumed: rows that were taken from the checkpoint.
        attempts: requests that were sent in this run, refused ones included.
        rate_limited: those of them that the vendor refused for their number (429, 503, 529).
        usage: tokens of this run. `cost` is their price in US dollars; None if none is known.
        cost_before: US dollars that the resumed rows had cost in earlier runs.
        tokens_saved: output tokens that were not written, because answers were stopped at their
            first invalid field: an estimate, by the mean length of the answers that were whole.
        seconds: from the beginning of this run.
        stopped: why not all rows were asked (`"max_cost"`, `"only_failed"`, `"closed"`), or
            None.
        left: rows that were not asked; None if that is not known.
    """

    rows: int = 0
    values: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    resumed: int = 0
    attempts: int = 0
    rate_limited: int = 0
    usage: Usage = field(default_factory=Usage)
    cost: Decimal | None = None
    cost_before: Decimal = Decimal(0)
    tokens_saved: int = 0
    seconds: float = 0.0
    stopped: str | None = None
    left: int | None = 0

    @property
    def failed(self) -> int:
        """Rows that ended in an error."""
        return self.failures.total()

    def add(self, outcome: Outcome[Any]) -> None:
        """Count one more."""
        self.rows += 1
        if outcome.error is None:
            self.values += 1
        else:
            self.failures[type(last_of(outcome.error)).__name__] += 1
        if outcome.resumed:
            self.resumed += 1
            self.cost_before += outcome.cost or 0
            return
        self.attempts += outcome.attempts
        if outcome.usage is not None:
            self.usage += outcome.usage
        if outcome.cost is not None:
            self.cost = (self.cost or Decimal(0)) + outcome.cost

    def __str__(self) -> str:
        return "\n".join(f"{name:<14} {text}" for name, text in self.lines())

    def lines(self) -> list[tuple[str, str]]:
        """The summary as a table of names and texts."""
        speed = self.rows / self.seconds if self.seconds else 0.0
        lines = [
            ("rows", f"{self.rows:,} in {self.seconds:,.1f} s ({speed:,.1f} a second)"),
            ("values", f"{self.values:,}"),
            *((f"  {kind}", f"{number:,}") for kind, number in self.failures.most_common()),
            ("resumed", f"{self.resumed:,}"),
            ("requests", f"{self.attempts:,}, {self.rate_limited:,} of them rate-limited"),
            ("tokens", f"{self.usage.input_tokens:,} in, {self.usage.output_tokens:,} out"),
            ("tokens saved", f"about {self.tokens_saved:,}"),
            ("cost", dollars(self.cost)),
        ]
        if self.failures:
            lines.insert(2, ("failures", f"{self.failed:,}"))
        if self.cost_before:
            lines.append(("cost before", dollars(self.cost_before)))
        if self.stopped is not None:
            left = "unknown" if self.left is None else f"{self.left:,}"
            lines.append(("stopped by", f"{self.stopped}; rows left: {left}"))
        return lines
