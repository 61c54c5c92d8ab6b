"""Data sets: one typed outcome a row, at the pace that the vendor's limits allow.

    for outcome in partwise_bulk.extract("openai/gpt-5.6", Invoice, rows, prompt="…{text}"):
        outcome.row, outcome.key, outcome.value, outcome.error

`aextract` is its twin for asyncio; `extract(…).run()` gives the `Summary` alone.
"""

from ._cache import Cache
from ._extract import AsyncExtraction, Extraction, aextract, extract
from ._outcome import Outcome, Summary
from ._pace import Pace
from ._rowwise import RowFunction

__all__ = [
    "AsyncExtraction",
    "Cache",
    "Extraction",
    "Outcome",
    "Pace",
    "RowFunction",
    "Summary",
    "aextract",
    "extract",
]
