"""The work for an answer grows with its length, whatever it is made of: counted, and not timed."""

from __future__ import annotations

import json
import sys
from collections import Counter, deque
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

import partwise
from partwise import Limits
from partwise._client.views import Elements
from partwise._client.wire_document import Document
from partwise._client.wire_folds import Events
from partwise._json import extract
from partwise._json.candidate import AnswerShape
from partwise._json.extract import Extractor
from partwise._json.pieces import Pieces
from partwise._json.region import begins_region
from partwise._json.tokens import CutToken
from partwise._paths import key_text
from partwise._plan.instances import dataclass_maker
from partwise._plan.plan import compile_plan
from partwise._session.answer_reader import AnswerReader
from partwise._session.tool_calls import ToolCalls
from partwise._snapshot import buffers, collection_frames
from partwise._snapshot.builder import SnapshotBuilder
from partwise._snapshot.events import Closed, Grew, Opened
from partwise.provider import ToolCallDelta

ALLOW = ConfigDict(extra="allow")


class Model(BaseModel):
    model_config = ALLOW
    a: int = 0


class Dict(TypedDict, total=False):
    __pydantic_config__ = ALLOW  # type: ignore[misc]
    a: int


@dataclass(config=ALLOW)
class Data:
    a: int = 0


class Typed(BaseModel):
    model_config = ALLOW
    __pydantic_extra__: dict[str, int]


@dataclass
class Numbers:
    numbers: list[int]


class Outer(BaseModel):
    inner: Numbers
    text: str = "end"


def numbers(count: int) -> str:
    return f"[{','.join(map(str, range(count)))}]"


def texts(count: int) -> str:
    return "[" + ",".join(f'"t{n}"' for n in range(count)) + "]"


def entries(count: int) -> str:
    return "{" + ",".join(f'"k{n}":{n}' for n in range(count)) + "}"


KINDS: dict[str, tuple[Any, Any]] = {
    "list": (list[int], numbers),
    "list of texts": (list[str], texts),
    "set": (set[int], numbers),
    "frozenset": (frozenset[int], numbers),
    "tuple": (tuple[int, ...], numbers),
    "tuple of texts": (tuple[str, ...], texts),
    "deque": (deque[int], numbers),
    "dict": (dict[str, int], entries),
    "bounded list": (Annotated[list[int], Field(max_length=10_000)], numbers),
    "bounded dict": (Annotated[dict[str, int], Field(max_length=10_000)], entries),
    "extras of a model": (Model, entries),
    "extras of a TypedDict": (Dict, entries),
    "extras of a dataclass": (Data, entries),
    "anything": (Any, entries),
}


class Copies:
    """Counts what is copied, element by element, and what is called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.elements = 0
        self.calls = 0
        for kind in (*buffers.BUFFERS.values(), buffers.DictBuffers):
            for name in vars(kind).keys() & {"_copy", "_extend", "_make"}:
                monkeypatch.setattr(kind, name, self._counting(name, vars(kind)[name]))

    def _counting(self, name: str, method: Any) -> Any:
        def count(this: Any, *arguments: Any) -> Any:
            if name == "_make":
                self.elements += len(arguments[0])
            else:
                self.elements += len(this.items) - (arguments[1] if name == "_extend" else 0)
            return method(this, *arguments)

        return count

    def profile(self, *_: Any) -> None:
        self.calls += 1


class Members(BaseModel):
    members: set[int]


def test_patches_of_a_set_in_a_model_copy_it_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    copies = Copies(monkeypatch)
    text = f'{{"members": {numbers(1_000)}}}'
    pieces = [text[start : start + 4] for start in range(0, len(text), 4)]
    for _ in partwise.parse(Members, pieces).patches():
        pass
    assert copies.elements < 12_000


def test_a_batch_of_events_has_a_growing_set_once() -> None:
    batches = Events()
    batches.note([Opened((), {*range(size)}) for size in range(9)])
    assert [*batches.take()] == [Opened((), {*range(8)})]


class Unjoinable(str):
    """A text that is joined with others all at once, and not one by one."""

    __slots__ = ()

    def __add__(self, _: str) -> Any:
        raise AssertionError

    __radd__ = __add__


def test_a_batch_of_events_joins_a_growing_text_once() -> None:
    batches = Events()
    batches.note([Opened((), "")])
    batches.note([Grew((), Unjoinable(text)) for text in "abcd"])
    assert [*batches.take()] == [Opened((), ""), Grew((), "abcd")]
    batches.note([Grew((), "e"), Grew((), "f"), Closed((), "abcdef"), Grew(("a",), "g")])
    assert [*batches.take()] == [Closed((), "abcdef"), Grew(("a",), "g")]


def test_a_text_that_is_not_joined_yet_is_counted_once() -> None:
    counted: Counter[str] = Counter()

    class Piece(str):
        __slots__ = ()

        def __len__(self) -> int:
            counted[str(self)] += 1
            return super().__len__()

    pieces = Pieces()
    for number in range(9):
        pieces.latest.append(Piece(number))
        pieces.mark(0)
        assert pieces.size == number + 1
    assert counted == Counter("012345678")
    pieces.trim(4)
    assert pieces.size == 4


class Named(BaseModel):
    name: int


SHAPE = AnswerShape(keys=frozenset({"name"}), openers="{")


@pytest.mark.parametrize("after", ["[x ", "{x ", "```x ", "<think>a</think>"])
def test_text_after_a_quote_that_was_never_closed_is_read_a_few_times(
    after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = 0
    search = Extractor._search

    def counting(this: Extractor, text: str, is_end: bool) -> Any:
        nonlocal read
        read += len(text)
        return search(this, text, is_end)

    monkeypatch.setattr(Extractor, "_search", counting)
    text = '["' + after * 1_000
    extractor = Extractor(SHAPE, takes_first=False)
    parts = [*extractor.feed(text), *extractor.close()]
    assert "".join(getattr(part, "text", "") for part in parts)
    assert read < len(text) * 300  # each mark has a copy of at most 512 characters


@pytest.mark.parametrize("draft", ['{"name": x} ', '{"name": 1}</think>'])
def test_drafts_in_one_piece_copy_a_part_of_its_rest(
    draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = 0
    begin = AnswerReader._begin

    def counting(this: AnswerReader, answer: Any) -> None:
        nonlocal copied
        copied += len(answer.text)
        begin(this, answer)

    monkeypatch.setattr(AnswerReader, "_begin", counting)
    text = "so " + draft * 5 + "word " * 160_000 + draft * 5
    stream = partwise.parse(Named, text + '{"name": 2}', lenient=True)
    assert stream.result().name == 2
    assert copied < 11 * (1 << 18)


@pytest.mark.parametrize("space", [" ", "\n"])
def test_space_after_a_bracket_is_looked_at_a_few_times(
    space: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0

    def counting(text: str) -> bool | None:
        nonlocal looked
        looked += len(text)
        return begins_region(text)

    monkeypatch.setattr(extract, "begins_region", counting)
    extractor = Extractor(SHAPE, takes_first=False)
    for character in "{#\n" + space * 2_000:
        assert [*extractor.feed(character)] or looked < 30_000


@pytest.mark.parametrize("kind", [dict[str, int], dict[int, int]])
def test_a_key_that_has_not_come_is_not_looked_for_among_all(
    kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: Counter[object] = Counter()

    def counting(key: object) -> str:
        looked[key] += 1
        return key_text(key)

    monkeypatch.setattr("partwise._paths.key_text", counting)
    monkeypatch.setattr(collection_frames, "key_text", counting)
    text = "{" + ",".join(f'"{n}":{n}' for n in range(100)) + "}"
    stream = partwise.parse(kind, [*text])
    assert stream.field("99") == 99
    del looked["99"]
    assert max(looked.values()) < 20


def test_a_name_in_pieces_without_end_is_joined_up_to_a_length() -> None:
    calls = ToolCalls("Note")
    for number in range(2_000):
        calls.arguments(ToolCallDelta(0, "", name=f"{number:04}"))
    assert 1_000 <= len(calls.names[0]) < 1_010
    assert calls.arguments(ToolCallDelta(1, "{", name="Note")) == "{"


def test_elements_in_another_order_are_not_each_compared_with_all() -> None:
    class Item(BaseModel):
        number: int
        tags: list[dict[str, set[int]]]

    compared = 0
    given = [Item(number=n, tags=[{"a": {n}}]) for n in range(200)]
    shuffled = [each.model_copy(deep=True) for each in given[::-1]]
    elements = Elements("")
    for number, each in enumerate(given):
        assert [*elements([Closed((number,), each)])] == [each]

    def count(frame: Any, event: str, _: Any) -> None:
        nonlocal compared
        compared += event == "call" and frame.f_code is BaseModel.__eq__.__code__

    sys.setprofile(count)
    try:
        others = [*elements([Closed((), [*shuffled, Item(number=-1, tags=[])])])]
    finally:
        sys.setprofile(None)
    assert others == [Item(number=-1, tags=[])]
    assert compared <= 2 * len(given)


def work(kind: Any, text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """The elements copied and the calls made for the text, with a snapshot every 4 characters."""
    plan = compile_plan(kind)
    with monkeypatch.context() as patch:
        copies = Copies(patch)
        builder = SnapshotBuilder(plan)
        sys.setprofile(copies.profile)
        try:
            for start in range(0, len(text), 4):
                builder.feed(text[start : start + 4])
                builder.snapshot()
        finally:
            sys.setprofile(None)
    builder.close()
    return copies.elements, copies.calls


@pytest.mark.parametrize("name", KINDS)
def test_four_times_the_parts_are_at_most_four_times_the_work(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, write = KINDS[name]
    small, large = write(400), write(1_600)
    ratio = len(large) / len(small)
    few_copies, few_calls = work(kind, small, monkeypatch)
    many_copies, many_calls = work(kind, large, monkeypatch)
    assert many_calls < few_calls * ratio * 1.1
    assert many_copies < (few_copies + 1_000) * ratio * 1.3


def test_a_dataclass_with_many_extras_is_made_without_a_look_at_each() -> None:
    class Entries(dict[str, int]):
        def keys(self) -> Any:
            raise AssertionError

        __iter__ = keys

    assert dataclass_maker(Data)(Entries(k0=1), set(), {}).k0 == 1


def test_a_long_number_is_joined_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    joined: Counter[str] = Counter()
    text = CutToken.text.fget  # type: ignore[attr-defined]

    def counting(cut: Any) -> str:
        token: str = text(cut)
        joined["chars"] += len(token)
        return token

    monkeypatch.setattr(CutToken, "text", property(counting))
    builder = SnapshotBuilder(compile_plan(float), limits=Limits(digits=1_000_000))
    builder.feed("0.")
    for _ in range(25_000):
        builder.feed("1234")
    assert builder.close() == pytest.approx(0.1234123412)
    assert joined["chars"] < 100_000 * 20


WIRE_KINDS: dict[str, tuple[Any, Any]] = {
    "set": (set[int], numbers),
    "tuple": (tuple[int, ...], numbers),
    "deque of texts": (deque[str], texts),
    "typed extras": (Typed, entries),
    "dataclass": (Outer, lambda n: f'{{"inner": {{"numbers": {numbers(n)}}}, "text": "x"}}'),
}


@pytest.mark.parametrize("view", ["patches", "json_deltas"])
@pytest.mark.parametrize("name", WIRE_KINDS)
def test_a_value_that_is_written_as_a_whole_is_written_a_few_times(
    name: str, view: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, write = WIRE_KINDS[name]
    written: list[int] = []
    write_place: Any = Document._write

    def counting(this: Document, place: Any) -> Any:
        value = write_place(this, place)
        written.append(len(json.dumps(value)))
        return value

    monkeypatch.setattr(Document, "_write", counting)
    text = write(400)
    stream = partwise.parse(kind, [text[start : start + 4] for start in range(0, len(text), 4)])
    for _ in getattr(stream, view)():
        pass
    assert sum(written) < len(text) * 40
