"""A vendor that fails often: `python -m tests.bulk.faulty --rows 10000 --concurrency 200`.

The vendor is a process of its own. Of all requests it refuses 40% with 429, fails 4% with 5xx,
resets 3%, and answers 5% with what is not valid. It counts what it answered: no row may be lost,
and none asked again once its answer was whole.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import sys
import time
from collections import Counter
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from pydantic import BaseModel

import partwise_bulk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection


class Invoice(BaseModel):
    number: int
    total: float


_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_REFUSED = {
    429: b"HTTP/1.1 429 Too Many Requests\r\n",
    500: b"HTTP/1.1 500 Internal Server Error\r\n",
    503: b"HTTP/1.1 503 Service Unavailable\r\n",
}
_BODY = b'{"error":{"message":"no","type":"error","code":null}}'


class Faults:
    """What to do with each request, by chance."""

    def __init__(self, share: float) -> None:
        self._chance = random.Random(1)  # noqa: S311 - no secret is made of it
        self._share = share
        self.asked: Counter[int] = Counter()
        self.answered: Counter[int] = Counter()
        self.kinds: Counter[str] = Counter()

    def reply(self, number: int, request: Any) -> bytes | None:
        """The bytes of a response; None to reset the connection."""
        self.asked[number] += 1
        kind = self._kind()
        self.kinds[kind] += 1
        if kind == "reset":
            return None
        if kind.isdecimal():
            head = _REFUSED[int(kind)]
            return head + b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
                len(_BODY),
                _BODY,
            )
        if kind == "invalid":
            return _answer('{"number": "none", "total": 1}', request)
        self.answered[number] += 1
        return _answer(json.dumps({"number": number, "total": 1.5}), request)

    def _kind(self) -> str:
        throw = self._chance.random() / self._share if self._share else 1.0
        for kind, share in (("429", 0.40), ("500", 0.02), ("503", 0.02), ("reset", 0.03)):
            throw -= share
            if throw < 0:
                return kind
        return "invalid" if throw < 0.05 else "answer"


def _answer(text: str, request: Any) -> bytes:
    return _stream(text) if request.get("stream") else _whole(text, request)


def _whole(text: str, request: Any) -> bytes:
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
    if request.get("tools"):
        function = {"name": request["tools"][0]["function"]["name"], "arguments": text}
        call = {"id": "call_1", "type": "function", "function": function}
        message |= {"content": None, "tool_calls": [call]}
    completion = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_766_000_000,
        "model": request["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 50, "completion_tokens": 5, "total_tokens": 55},
    }
    body = json.dumps(completion).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


def _stream(text: str) -> bytes:
    pieces = [text[start : start + 8] for start in range(0, len(text), 8)]
    deltas: list[Any] = [{"role": "assistant", "content": ""}, *({"content": p} for p in pieces)]
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    events: list[dict[str, Any]] = [
        {"object": "chat.completion.chunk", "choices": [choice]} for choice in choices
    ]
    usage = {"prompt_tokens": 50, "completion_tokens": len(pieces), "total_tokens": 50}
    events.append({"object": "chat.completion.chunk", "choices": [], "usage": usage})
    body = b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events)
    body += b"data: [DONE]\n\n"
    return _HEAD + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


class _Protocol(asyncio.Protocol):
    """One connection. Requests are small and come one after the other."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        if b"content-length:" not in head.lower():
            self._transport.abort()  # a stranger's, who takes this port for that of another server
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self._received = b""
        number = int(body.partition(b"invoice number ")[2].partition(b".")[0])
        reply = self._faults.reply(number, json.loads(body))
        if reply is None:
            self._transport.abort()
        else:
            self._transport.write(reply)


def _serve(listener: socket.socket, share: float, pipe: Connection) -> None:
    async def main() -> None:
        loop, faults = asyncio.get_running_loop(), Faults(share)
        server = await loop.create_server(lambda: _Protocol(faults), sock=listener)
        async with server:
            await loop.run_in_executor(None, pipe.recv)
        pipe.send((faults.asked, faults.answered, faults.kinds))

    asyncio.run(main())


class FaultyVendor:
    """The vendor in its process, while the context is open.

    Attributes:
        asked, answered, kinds: what it counted, once the context is left.
    """

    def __init__(self, share: float = 1.0) -> None:
        self._share = share
        self.asked: Counter[int] = Counter()
        self.answered: Counter[int] = Counter()
        self.kinds: Counter[str] = Counter()

    def __enter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        context = get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(listener, self._share, theirs))
        self._process.start()
        listener.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.send(None)
        self.asked, self.answered, self.kinds = self._pipe.recv()
        self._process.join()


def rows(count: int) -> Iterator[dict[str, int]]:
    """Rows that come as they are read."""
    return ({"n": n} for n in range(count))


def resident_mb() -> float:
    """The memory that this process has now, in MB. Not its maximum, which can't go down."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def run_over(count: int, concurrency: int, share: float = 1.0) -> dict[str, Any]:
    """Run over so many rows: what the vendor counted, and how memory went."""
    memory: list[float] = []
    numbers = failed = 0
    with FaultyVendor(share) as vendor:
        start, cpu = time.perf_counter(), time.process_time()
        extraction = partwise_bulk.extract(
            "openai/gpt-4.1-mini",
            Invoice,
            rows(count),
            prompt="invoice number {n}.",
            base_url=vendor.url,
            api_key="sk-test",
            concurrency=concurrency,
            max_retries=10,  # or some rows are given up by chance: one answer in ten is invalid
        )
        for outcome in extraction:
            assert outcome.index == numbers
            numbers += 1
            failed += not outcome.ok
            if outcome.index % max(1, count // 10) == 0:
                memory.append(resident_mb())
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {
        "rows": numbers,
        "failed": failed,
        "answered_twice": [n for n, times in vendor.answered.items() if times > 1],
        "unanswered": count - len(vendor.answered),
        "requests": vendor.asked.total(),
        "kinds": dict(vendor.kinds),
        "seconds": seconds,
        "cpu_ms_per_row": cpu / count * 1000,
        "memory_mb": memory,
        "summary": str(extraction.summary),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bulk.faulty")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, default=200)
    parser.add_argument("--share", type=float, default=1.0, help="of the faults")
    options = parser.parse_args()
    found = run_over(options.rows, options.concurrency, options.share)
    sys.stdout.write(f"{json.dumps(found, indent=1)}\n")


if __name__ == "__main__":
    main()
