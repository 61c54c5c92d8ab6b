"""The price of tokens, by the `genai-prices` library."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from partwise import Usage

_MILLION: Final = 1_000_000

_NAMES: Final = {
    "bedrock": "aws",
    "vertex": "google",
    "moonshot": "moonshotai",
    "xai": "x-ai",
}
"""Providers that have another name in the library."""

BATCH_DISCOUNT: Final = Decimal("0.5")
"""The part of its price that a request costs at the batch endpoints of the three vendors."""


@dataclass(frozen=True, slots=True)
class _Rates:
    """US dollars for a token of the input, one of it that was cached, and one of the output.

    They are None if they depend on how many there are.
    """

    input: Decimal | None
    cached: Decimal | None
    output: Decimal | None

    def cost(self, usage: Usage) -> Decimal | None:
        if self.input is None or self.cached is None or self.output is None:
            return None
        plain = usage.input_tokens - usage.cached_input_tokens
        return (
            plain * self.input
            + usage.cached_input_tokens * self.cached
            + usage.output_tokens * self.output
        )


@dataclass
class Prices:
    """The prices of one model.

    Attributes:
        provider: its name, as in `from_provider("name/…")`.
        model: the vendor's name of the model.
        price: the caller's own, in US dollars per million input and per million output tokens.
        factor: the part of the price that is charged.
    """

    provider: str
    model: str
    price: tuple[float, float] | None = None
    factor: Decimal = Decimal(1)
    _rates: _Rates | None = field(default=None, init=False)
    _is_unknown: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        if self.price is not None:
            per_input, per_output = (Decimal(str(each)) / _MILLION for each in self.price)
            self._rates = _Rates(per_input, per_input, per_output)

    def cost(self, usage: Usage | None) -> Decimal | None:
        """US dollars for these tokens; None if there are none, or the model has no known price."""
        if usage is None or self._is_unknown:
            return None
        try:
            if self._rates is None:
                self._rates = self._flat_rates()
            total = self._rates.cost(usage) or self._looked_up(usage)
        except LookupError:
            self._is_unknown = True
            return None
        return total * self.factor

    def _flat_rates(self) -> _Rates:
        """The prices of a token, if they are the same for any number of them.

        A look-up takes a tenth of a millisecond, which is much of what a row takes.
        """
        few, many = (self._rates_at(count) for count in (1_000, 10 * _MILLION))
        return few if few == many else _Rates(None, None, None)

    def _rates_at(self, count: int) -> _Rates:
        plain, cached, written = (
            self._looked_up(usage) / count
            for usage in (Usage(count), Usage(count, 0, count), Usage(0, count))
        )
        return _Rates(plain, cached, written)

    def _looked_up(self, usage: Usage) -> Decimal:
        # Takes 0.1 s to import.
        from genai_prices import Usage as Tokens
        from genai_prices import calc_price

        tokens = Tokens(
            input_tokens=usage.input_tokens,
            cache_read_tokens=usage.cached_input_tokens,
            output_tokens=usage.output_tokens,
        )
        provider = _NAMES.get(self.provider, self.provider)
        return calc_price(tokens, self.model, provider_id=provider).total_price

    @property
    def known(self) -> bool:
        """Whether the model has a price."""
        return self.cost(Usage(input_tokens=1, output_tokens=1)) is not None


def dollars(cost: Decimal | None) -> str:
    """The cost in words."""
    return "cost unknown" if cost is None else f"${cost:,.4f}"
