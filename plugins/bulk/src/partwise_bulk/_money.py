"""The limit of a run's cost: whether one more row may be asked."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from partwise import ConfigurationError, Usage

if TYPE_CHECKING:
    from ._pricing import Prices

_FIRST_OUTPUT_TOKENS: Final = 500
"""Those that an answer is taken to have, until the first has come."""


class CostLimit:
    """Lets rows through as long as their expected cost fits into the rest.

    The cost of a row is known at its end, so those that are on their way are counted with the mean
    of the rows before, or with an estimate until the first has ended; if that does not fit, they
    are waited for. The sum may exceed the limit by as much as the last rows cost more than was
    expected.

    Raises:
        ConfigurationError: the model has no known price.
    """

    def __init__(self, most: float | Decimal | None, prices: Prices) -> None:
        self._most = None if most is None else Decimal(str(most))
        self._prices = prices
        self._spent = Decimal(0)
        self._ended = 0
        self._on_their_way = 0
        self._ended_one = asyncio.Event()
        if self._most is not None and not prices.known:
            raise ConfigurationError(
                f"no price is known for {prices.provider}/{prices.model}, so max_cost= can't be "
                "kept: pass price=(input, output) in US dollars per million tokens"
            )

    async def may_ask(self, tokens: int) -> bool:
        """Whether a row of about so many input tokens may be asked. If so, it is counted."""
        while not self._fits(tokens):
            if not self._on_their_way:
                return False
            self._ended_one.clear()
            await self._ended_one.wait()
        self._on_their_way += 1
        return True

    def may_add(self, tokens: int) -> bool:
        """The same for a row that is asked together with others: none of them is waited for."""
        if not self._fits(tokens):
            return False
        self._on_their_way += 1
        return True

    def _fits(self, tokens: int) -> bool:
        if self._most is None:
            return True
        if not (self._ended or self._on_their_way):
            return self._spent < self._most  # the first gives the cost of a row
        expected = self._expected(tokens)
        return self._spent + expected * (self._on_their_way + 1) <= self._most

    def _expected(self, tokens: int) -> Decimal:
        if self._ended:
            return self._spent / self._ended
        return self._prices.cost(Usage(tokens, _FIRST_OUTPUT_TOKENS)) or Decimal(0)

    def end(self, cost: Decimal | None, *, asked: bool = True) -> None:
        """A row has ended; `asked` if `may_ask` has counted it."""
        self._on_their_way -= asked
        if cost is not None:
            self._spent += cost
            self._ended += 1
        self._ended_one.set()
