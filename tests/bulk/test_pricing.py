from __future__ import annotations

from decimal import Decimal

import pytest
from genai_prices import Usage as Tokens
from genai_prices import calc_price

from partwise import Usage
from partwise_bulk._pricing import Prices


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-4.1-mini"),
        ("openai", "gpt-5.6"),
        ("anthropic", "claude-sonnet-4-5"),
        ("google", "gemini-2.5-pro"),
    ],
)
@pytest.mark.parametrize(
    "tokens", [(1_000, 100, 0), (9, 1, 9), (900_000, 5_000, 100_000), (0, 0, 0)]
)
def test_prices_are_those_of_the_library(
    provider: str, model: str, tokens: tuple[int, int, int]
) -> None:
    read, written, cached = tokens
    looked_up = calc_price(
        Tokens(input_tokens=read, output_tokens=written, cache_read_tokens=cached),
        model,
        provider_id=provider,
    )

    cost = Prices(provider, model).cost(Usage(read, written, cached))

    assert cost == looked_up.total_price


def test_a_price_of_ones_own() -> None:
    prices = Prices("fake", "ada", price=(0.5, 2.0))

    assert prices.cost(Usage(1_000_000, 500_000)) == Decimal("1.5")


def test_half_of_it() -> None:
    whole, half = (Prices("x", "y", price=(1.0, 1.0), factor=Decimal(f)) for f in ("1", "0.5"))

    assert half.cost(Usage(100, 100)) == (whole.cost(Usage(100, 100)) or 0) / 2


def test_a_model_without_a_price() -> None:
    prices = Prices("ollama", "unheard-of")

    assert not prices.known
    assert prices.cost(Usage(1, 1)) is None
    assert prices.cost(None) is None
