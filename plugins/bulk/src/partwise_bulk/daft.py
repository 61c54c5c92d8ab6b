r"""A column of outcomes in a Daft data frame, on one machine or on a cluster.

    import daft
    import partwise_bulk.daft

    frame = daft.read_parquet("letters/*.parquet")
    outcome = partwise_bulk.daft.column(
        "openai/gpt-4.1-mini", Invoice, {"text": daft.col("text")}, prompt="Which invoice?\n{text}"
    )
    frame.with_column("invoice", outcome).write_parquet("invoices")

The column is a struct: `value` with the model's own fields, `error`, `usage`, `attempts`, `cost`. A
row that fails has an error and stops nothing. Daft starts the coroutines of all rows that it has at
hand, so the number of requests at a time is kept by the function itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import daft
from daft import DataType, Expression

from ._rowwise import RowFunction

if TYPE_CHECKING:
    from ._prompts import Prompt

_SETTINGS = frozenset(
    {
        "api_key", "base_url", "cache", "concurrency", "patience", "price", "redis",
        "requests_per_minute", "system", "tokens_per_minute", "workers",
    }
)  # fmt: skip


def column(
    model: str,
    response_model: Any,
    row: Expression | Mapping[str, Expression],
    *,
    prompt: Prompt = None,
    **keywords: Any,
) -> Expression:
    """An expression that asks about each row.

    Args:
        model: a name as in `from_provider`. Each worker makes a client of its own, with the key
            in its environment, or `api_key=`.
        response_model: any type that pydantic validates; the struct's type is inferred from it.
        row: the argument of `prompt`: a column, or several by their names.
        prompt: as in `extract`.
        keywords: those of `partwise_bulk.RowFunction`; all others are options of each call.

    Raises:
        ConfigurationError: it can't be asked so.
    """
    settings = {name: value for name, value in keywords.items() if name in _SETTINGS}
    options = {name: value for name, value in keywords.items() if name not in _SETTINGS}
    ask = RowFunction(
        model=model, response_model=response_model, prompt=prompt, options=options, **settings
    )
    return_dtype = DataType.from_arrow_type(ask.arrow_type)
    if isinstance(row, Expression):

        async def ask_about(value: Any) -> Any:
            return await ask(value)

        return daft.func(ask_about, return_dtype=return_dtype)(row)
    names = list(row)

    async def ask_about_columns(*values: Any) -> Any:
        return await ask(dict(zip(names, values, strict=True)))

    return daft.func(ask_about_columns, return_dtype=return_dtype)(*row.values())
