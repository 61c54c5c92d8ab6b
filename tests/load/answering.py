"""The vendors' server under load, in a process of its own: it fails now and then.

`python -m tests.load.answering SHARE` prints its address and answers until its standard input
ends. So large a share of its replies are faulty, in a kind that is drawn by lot from a fixed seed.
`GET /faults` tells how many of each kind there were.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TypeAlias

from partwise_conformance import Drop, Pause, RecordedRequest, ReplayServer, Reply, Step

from ..faults.vendors import VENDORS, Vendor
from .notes import number_in, written

PIECES = 10
"""An answer comes in so many deltas."""
_KEPT = 2_000
"""So many exchanges are remembered: else they would be the server's own leak."""

Fault: TypeAlias = Callable[[Vendor, list[bytes]], list[Step]]


def _half(deltas: list[bytes]) -> list[bytes]:
    return deltas[: len(deltas) // 2]


FAULTS: dict[str, Fault] = {
    "reset": lambda vendor, deltas: [*vendor.head, *_half(deltas), Drop()],
    "error event": lambda vendor, deltas: [*vendor.head, *_half(deltas), vendor.overloaded],
    "no finish": lambda vendor, deltas: [*vendor.head, *_half(deltas)],
    "length": lambda vendor, deltas: [*vendor.head, *_half(deltas), *vendor.cut()],
    "invalid": lambda vendor, _: [
        *vendor.head, vendor.delta('{"name": 5, "number": "none", '), *vendor.tail(),
    ],
    "reset before the answer": lambda _, __: [Drop()],
}  # fmt: skip
UNAVAILABLE = "503"


class Answering:
    """Answers each request with the note that it asks for, or not.

    Args:
        share: of the replies that are faulty.
    """

    def __init__(self, share: float) -> None:
        self.faults: Counter[str] = Counter()
        self._share = share
        self._lot = random.Random(1)  # noqa: S311  the same faults each time

    def __call__(self, request: RecordedRequest) -> Reply:
        if request.path == "/faults":
            return Reply.of_json(dict(self.faults))
        vendor = _vendor_of(request.path)
        asked = request.body.decode()
        pieces, pace = (PIECES, 0.8) if "at leisure" in asked else (1, 0.0)
        plain = not {"tools", "response_format", "generationConfig"} & request.json().keys()
        fault = self._fault()
        if fault == UNAVAILABLE:
            return Reply.of_json({"error": {"message": "overloaded"}}, status=503)
        text = written(number_in(asked), parts=pieces)
        cut = -(-len(text) // pieces)
        texts = [text[start : start + cut] for start in range(0, len(text), cut)]
        if plain and vendor.name == "anthropic":
            return Reply(body=vendor.written(text))
        deltas = list(map(vendor.delta, texts))
        steps = FAULTS[fault](vendor, deltas) if fault else _whole(vendor, deltas)
        return Reply(body=_paced(steps, pace) if pace else steps)

    def _fault(self) -> str | None:
        if self._lot.random() >= self._share:
            return None
        kind = self._lot.choice([*FAULTS, UNAVAILABLE])
        self.faults[kind] += 1
        return kind


def _whole(vendor: Vendor, deltas: list[bytes]) -> list[Step]:
    return [*vendor.head, *deltas, *vendor.tail()]


def _paced(steps: list[Step], seconds: float) -> Iterator[Step]:
    return chain.from_iterable((Pause(seconds), step) for step in steps)


def _vendor_of(path: str) -> Vendor:
    openai, anthropic, google = VENDORS
    if "chat/completions" in path:
        return openai
    return anthropic if "messages" in path else google


def main(share: float) -> None:
    """Serve until nobody needs it any more."""
    answering = Answering(share)

    def answer(request: RecordedRequest) -> Reply:
        if len(server.exchanges) > _KEPT:
            del server.exchanges[: _KEPT // 2]
        return answering(request)

    with ReplayServer(answer) as server:
        print(json.dumps(server.url), flush=True)  # noqa: T201  its caller reads it
        sys.stdin.read()


if __name__ == "__main__":
    main(float(sys.argv[1]))
