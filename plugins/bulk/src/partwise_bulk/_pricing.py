"""The price of tokens, by the `genai-prices` library."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from partwise import Usage

_NAMES: Final = {
    "bedrock": "aws",
    "vertex": "google",
    "moonshot": "moonshotai",
    "xai": "x-ai",
}
"""Providers that have another name in the library."""

BATCH_DISCOUNT: Final = Decimal("0.5")
"""The part of its price that a request costs at the batch endpoints of the three vendors."""


@dataclass
class Prices:
    """The prices of one model.

    Attributes:
        provider: its name, as in `from_provider("name/…")`.
        model: the vendor's name of the model.
        price: the caller's own, in US dollars per million input and per million output tokens.
        factor: what is asked of the price.
    """

    provider: str
    model: str
    price: tuple[float, float] | None = None
    factor: Decimal = Decimal(1)
    _is_unknown: bool = field(default=False, init=False)

    def cost(self, usage: Usage | None) -> Decimal | None:
        """US dollars for these tokens; None if there are none, or the model has no known price."""
        if usage is None or self._is_unknown:
            return None
        if self.price is not None:
            per_input, per_output = (Decimal(str(each)) / 1_000_000 for each in self.price)
            total = usage.input_tokens * per_input + usage.output_tokens * per_output
            return total * self.factor
        # Takes 0.1 s to import.
        from genai_prices import Usage as Tokens
        from genai_prices import calc_price

        tokens = Tokens(
            input_tokens=usage.input_tokens,
            cache_read_tokens=usage.cached_input_tokens,
            output_tokens=usage.output_tokens,
        )
        provider = _NAMES.get(self.provider, self.provider)
        try:
            price = calc_price(tokens, self.model, provider_id=provider).total_price
        except LookupError:
            self._is_unknown = True
            return None
        return price * self.factor

    @property
    def known(self) -> bool:
        """Whether the model has a price."""
        from partwise import Usage

        return self.cost(Usage(input_tokens=1, output_tokens=1)) is not None


def dollars(cost: Decimal | None) -> str:
    """The cost in words."""
    return "cost unknown" if cost is None else f"${cost:,.4f}"
