"""The parts one by one, against what they can't be faster than."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from itertools import count
from statistics import median
from time import process_time
from typing import Any

from pydantic import BaseModel, create_model

from partwise._plan.instances import model_maker
from partwise._plan.plan import Plan, compile_plan
from partwise._snapshot.builder import SnapshotBuilder

from .documents import Reply, User, deltas, reply
from .timing import cpu_seconds, interleaved

_BARE = 10_000
"""Instances made in one run."""


class Note(BaseModel):
    """One long text."""

    text: str


class Named(BaseModel):
    """Many users, by name."""

    users: dict[str, User]


def measure(*, quick: bool) -> dict[str, Any]:
    """Seconds of CPU, and bytes, by what was measured."""
    rounds = 3 if quick else 9
    return {
        "limit": _limit(rounds),
        "large": _large(rounds),
        "compile": _compile(rounds),
        "decoders": _decoders(rounds),
        "import": _imports(3 if quick else 9),
        "memory": _memory(1_000_000 if quick else 10_000_000),
        "models": _alone("models", 1_000 if quick else 10_000),
    }


def _limit(rounds: int) -> dict[str, Any]:
    """Feeding and showing 100 KB, against one validation of the whole and bare instances."""
    text = reply(100_000)
    pieces = deltas(text)
    plan = compile_plan(Reply)
    make = model_maker(User)
    values, names = {"name": "", "email": "", "age": 1, "bio": ""}, {"name"}

    def parse() -> None:
        builder = SnapshotBuilder(plan)  # held, since its end is the parser's
        feed = builder.parser.feed
        for piece in pieces:
            feed(piece)

    def feed() -> None:
        feed = SnapshotBuilder(plan).feed
        for piece in pieces:
            feed(piece)

    def show() -> None:
        builder = SnapshotBuilder(plan)
        for piece in pieces:
            builder.feed(piece)
            builder.snapshot()

    def whole() -> None:
        builder = SnapshotBuilder(plan)
        builder.feed(text)
        builder.snapshot()
        builder.close()

    def bare() -> None:
        for _ in range(_BARE):
            make(values.copy(), names, {})

    works: dict[str, Callable[[], object]] = {
        "one-shot": lambda: Reply.model_validate_json(text),
        "parser": parse,
        "feed": feed,
        "show": show,
        "whole": whole,
        "bare": bare,
    }
    found = interleaved(works, rounds)
    each = {name: seconds / len(pieces) for name, seconds in found.items()}
    instance = found["bare"] / _BARE
    return {
        "one_shot": found["one-shot"],
        "bare_instance": instance,
        "parser": each["parser"],
        "feed": each["feed"],
        "show": each["show"],
        "feed_to_one_shot": found["feed"] / found["one-shot"],
        "show_to_one_shot": found["show"] / found["one-shot"],
        "whole_to_one_shot": found["whole"] / found["one-shot"],
        "bare_instances_a_delta": each["show"] / instance,
    }


def _user(number: int) -> str:
    return json.dumps({"name": f"n{number}", "email": "e", "age": 1, "bio": "b"})


def _large(rounds: int) -> dict[str, Any]:
    """A delta's cost where much is there already, by how much that is."""
    users = ", ".join(map(_user, range(10_000)))
    keyed = ", ".join(f'"{number}": {_user(number)}' for number in range(10_000))
    few, some = ", ".join(map(_user, range(10))), f'"x": {_user(0)}'
    more = [*map(_user, range(10_000, 10_100))]
    more_keyed = [f'"{number}": {_user(number)}' for number in range(10_000, 10_100)]
    words = "lorem ipsum " * 400
    cases: dict[str, tuple[type[BaseModel], str, str]] = {
        "a list of 10": (Reply, f'{{"users": [{few}, ', ", ".join(more)),
        "a list of 10,000": (Reply, f'{{"users": [{users}, ', ", ".join(more)),
        "a dict of 1": (Named, f'{{"users": {{{some}, ', ", ".join(more_keyed)),
        "a dict of 10,000": (Named, f'{{"users": {{{keyed}, ', ", ".join(more_keyed)),
        "a text of 1 KB": (Note, '{"text": "' + "x" * 1_000, words),
        "a text of 1 MB": (Note, '{"text": "' + "x" * 1_000_000, words),
    }
    found: dict[str, list[float]] = {name: [] for name in cases}
    held: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, (model, before, after) in cases.items():
            found[name].append(_after(model, before, after, keep=0))
            held[name].append(_after(model, before, after, keep=3))
    copies = {
        "pointers": cpu_seconds([None].__mul__(10_000).copy),
        "bytes": _copy_text(),
    }
    return {
        "dropped": {name: median(times) for name, times in found.items()},
        "held": {name: median(times) for name, times in held.items()},
        "copies": copies,
    }


def _copy_text() -> float:
    """One copy of a text of 1 MB that grows, as each snapshot of it needs."""
    text = "x" * 1_000_000

    def grow() -> None:
        nonlocal text
        text = "".join((text, "abcd"))  # noqa: FLY002  as the parser does it

    return cpu_seconds(grow)


def _after(model: type[BaseModel], before: str, after: str, *, keep: int) -> float:
    """The cost of a delta after what is there, with so many older snapshots held."""
    builder = SnapshotBuilder(compile_plan(model))
    builder.feed(before)
    held: deque[Any] = deque(maxlen=keep)
    pieces = deltas(after)
    start = process_time()
    for piece in pieces:
        builder.feed(piece)
        held.append(builder.snapshot())
    return (process_time() - start) / len(pieces)


def _compile(rounds: int) -> dict[str, float]:
    """The plan of a model with 50 fields, in ten nested models; up to the first snapshot, too."""
    numbers = count()

    def fresh() -> type[BaseModel]:
        number = next(numbers)
        fields: Any = {
            f"field{index}": (str if index % 2 else int | None, ...) for index in range(5)
        }
        inner = {
            f"inner{index}": (create_model(f"Inner{number}_{index}", **fields), ...)
            for index in range(10)
        }
        return create_model(f"Outer{number}", **inner)  # type: ignore[call-overload, no-any-return]

    compiled, asked, shown = [], [], []
    for _ in range(rounds * 3):
        model = fresh()
        start = process_time()
        plan = Plan(model)
        compiled.append(process_time() - start)
        assert plan.json_schema["type"] == "object"
        asked.append(process_time() - start)
        builder = SnapshotBuilder(plan)
        builder.feed('{"inner0": {"field0": 1, "field1": "a')
        assert builder.snapshot() is not None
        shown.append(process_time() - start)
    cached = fresh()
    compile_plan(cached)
    return {
        "first": median(compiled),
        "asked": median(asked),
        "shown": median(shown),
        "cached": cpu_seconds(lambda: compile_plan(cached)),
    }


def _decoders(rounds: int) -> dict[str, float]:
    """One chunk through each plugin's decoder, without its SDK."""
    from google.genai.types import GenerateContentResponse

    from partwise_anthropic._decoder import AnthropicDecoder
    from partwise_bedrock._decoder import BedrockDecoder
    from partwise_google._decoder import GoogleDecoder
    from partwise_mistral._decoder import MistralDecoder
    from partwise_openai._decoder import ChatDecoder
    from partwise_openai._responses import ResponsesDecoder

    delta = {"index": 0, "delta": {"content": "abcd"}, "finish_reason": None}
    chat = {"id": "1", "object": "chat.completion.chunk", "choices": [delta], "usage": None}
    place = {"item_id": "1", "output_index": 0, "content_index": 0}
    response = {"type": "response.output_text.delta", "delta": "abcd", **place}
    text = {"type": "text_delta", "text": "abcd"}
    block = {"type": "content_block_delta", "index": 0, "delta": text}
    candidate = {"content": {"parts": [{"text": "abcd"}], "role": "model"}, "index": 0}
    converse = {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "abcd"}}}
    typed = GenerateContentResponse.model_validate({"candidates": [candidate]})
    cases: dict[str, tuple[Any, Any]] = {
        "openai, chat completions": (ChatDecoder("openai"), chat),
        "openai, responses": (ResponsesDecoder("openai"), response),
        "anthropic": (AnthropicDecoder("anthropic"), block),
        "google": (GoogleDecoder("google"), typed),
        "mistral": (MistralDecoder("mistral"), chat),
        "bedrock": (BedrockDecoder("bedrock"), converse),
    }

    def work(decoder: Any, event: Any) -> Callable[[], object]:
        def run() -> None:
            for _ in range(1_000):
                for _chunk in decoder.feed(event):
                    pass

        return run

    found = interleaved({name: work(*case) for name, case in cases.items()}, rounds)
    return {name: seconds / 1_000 for name, seconds in found.items()}


def _imports(runs: int) -> dict[str, float]:
    """The CPU time of an import in a fresh process, without that of Python's own start."""
    statements = {
        "pydantic": "from pydantic import BaseModel, TypeAdapter; type('M', (BaseModel,), {})",
        "partwise": "import partwise",
    }
    found: dict[str, list[float]] = {name: [] for name in statements}
    for _ in range(runs):
        for name, statement in statements.items():
            code = f"from time import process_time as t; s = t(); {statement}; print(t() - s)"
            found[name].append(float(_python("-c", code)))
    return {name: median(times) for name, times in found.items()}


def _memory(chars: int) -> dict[str, float]:
    found = _alone("answer", chars)
    return {**found, "to_text": (found["peak"] - found["before"]) / found["text"]}


def _alone(what: str, size: int) -> dict[str, float]:
    """One of the works of `tests.bench.memory`, in a process of its own."""
    found: dict[str, float] = json.loads(_python("-m", "tests.bench.memory", what, str(size)))
    return found


def _python(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, *arguments], check=True, capture_output=True, text=True
    ).stdout
