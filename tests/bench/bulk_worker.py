"""One contender over so many rows: `python bulk_worker.py NAME URL ROWS CONCURRENCY`.

Runs in an environment that may not have partwise. Prints the CPU a row, in milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from time import process_time
from typing import Any

from pydantic import BaseModel


class Invoice(BaseModel):
    number: int
    total: float


MODEL = "gpt-4.1-mini"
KEY = "sk-test"

Answers = list[Any]


def prompt(number: int) -> list[Any]:
    """The messages about a row."""
    return [{"role": "user", "content": f"invoice number {number}."}]


async def by_hand(url: str, concurrency: int, count: int) -> Answers:
    """The forty lines that people write."""
    from openai import AsyncOpenAI

    semaphore = asyncio.Semaphore(concurrency)
    schema = {**Invoice.model_json_schema(), "additionalProperties": False}
    form: Any = {"type": "json_schema", "json_schema": {"name": "Invoice", "schema": schema}}

    async def ask(client: AsyncOpenAI, number: int) -> Invoice:
        async with semaphore:
            answer = await client.chat.completions.create(
                model=MODEL, messages=prompt(number), response_format=form
            )
        return Invoice.model_validate_json(answer.choices[0].message.content or "")

    # Closed, or asyncio waits for ever at the file descriptors of the run before, used again.
    async with AsyncOpenAI(api_key=KEY, base_url=url) as client:
        return await asyncio.gather(*(ask(client, number) for number in range(count)))


async def with_instructor(url: str, concurrency: int, count: int) -> Answers:
    """As Instructor's documentation has it."""
    import instructor  # type: ignore[import-not-found, unused-ignore]
    from openai import AsyncOpenAI

    semaphore = asyncio.Semaphore(concurrency)

    async def ask(client: Any, number: int) -> Any:
        async with semaphore:
            return await client.chat.completions.create(
                model=MODEL, messages=prompt(number), response_model=Invoice
            )

    async with AsyncOpenAI(api_key=KEY, base_url=url) as sdk:  # as above
        client = instructor.from_openai(sdk)
        return await asyncio.gather(*(ask(client, number) for number in range(count)))


async def with_partwise(url: str, concurrency: int, count: int, via: Any = "stream") -> Answers:
    """partwise-bulk, as it is."""
    import partwise_bulk

    run = partwise_bulk.aextract(
        f"openai/{MODEL}",
        Invoice,
        range(count),
        prompt=prompt,
        concurrency=concurrency,
        via=via,
        base_url=url,
        api_key=KEY,
    )
    return [outcome.value async for outcome in run]


async def with_whole_answers(url: str, concurrency: int, count: int) -> Answers:
    """The same without streams."""
    return await with_partwise(url, concurrency, count, "whole")


CONTENDERS: dict[str, tuple[Callable[[str, int, int], Awaitable[Answers]], tuple[str, ...]]] = {
    "by hand": (by_hand, ("openai",)),
    "Instructor": (with_instructor, ("instructor", "openai")),
    "partwise-bulk": (with_partwise, ("openai",)),
    "partwise-bulk, whole answers": (with_whole_answers, ("openai",)),
}


async def main() -> None:
    """Warm up, then measure."""
    name, url, rows, concurrency = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    ask, packages = CONTENDERS[name]
    await ask(url, concurrency, 50)
    start = process_time()
    answers = await ask(url, concurrency, rows)
    spent = process_time() - start
    assert [answer.number for answer in answers] == list(range(rows))
    versions = ", ".join(f"{each} {version(each)}" for each in packages)
    print(json.dumps({"ms": spent / rows * 1000, "versions": versions}))  # noqa: T201


asyncio.run(main())
