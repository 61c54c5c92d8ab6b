"""Patches and JSON text, for random models and cuts: they give what `model_dump` gives."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, RootModel, StringConstraints
from pydantic_core import PydanticSerializationError, from_json, to_jsonable_python

from partwise import NotAppendableError
from partwise._client import wire_document
from partwise._client.wire_patches import Patches
from partwise._client.wire_text import JsonDeltas
from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder

from ..snapshot.cases import Case, cases

if TYPE_CHECKING:
    from collections.abc import Iterator


class Reading:
    """A builder fed in pieces, with the part of a session that folds read."""

    finished = False

    def __init__(self, response_type: Any, text: str, size: int) -> None:
        self._engine = SnapshotBuilder(compile_plan(response_type), record=True)
        self._whole = text
        self._size = size

    @property
    def snapshot(self) -> Any:
        return self._engine.snapshot()

    @property
    def size(self) -> int:
        return self._engine.reader.size

    def batches(self) -> Iterator[Any]:
        for start in range(0, len(self._whole), self._size):
            self._engine.feed(self._whole[start : start + self._size])
            yield self._engine.drain()
        self._engine.close()
        self.finished = True
        yield self._engine.drain()


def written(value: Any, *, by_alias: bool | None = None) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=by_alias)
    return to_jsonable_python(value, by_alias=bool(by_alias))


def fold(document: Any, patch: list[Any], path: str) -> tuple[Any, str]:
    """A patch of partwise's own operations, from its JSON: the code of docs/web.md."""
    holder = {"": document}
    for operation in patch:
        path = operation.get("path", path)
        parent: Any = holder
        *way, last = ["", *path.split("/")[1:]]
        for step in way:
            parent = parent[_key(parent, step)]
        key = _key(parent, last)
        if operation["op"] == "append":
            parent[key] += operation["value"]
        elif operation["op"] == "remove":
            del parent[key]
        elif operation["op"] == "add" and isinstance(parent, list):
            parent.insert(key, operation["value"])
        else:
            parent[key] = operation["value"]
    return holder[""], path


def _key(parent: Any, step: str) -> Any:
    return int(step) if isinstance(parent, list) else step.replace("~1", "/").replace("~0", "~")


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: what is not a number equals itself."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def can_be_written(case: Case) -> bool:
    with suppress(PydanticSerializationError):
        written(case.final)
        return True
    return False


aliases = st.sampled_from([None, True, False])
sizes = st.integers(1, 9)


@given(cases().filter(can_be_written), aliases, sizes)
def test_patches_give_each_snapshot(case: Case, by_alias: bool | None, size: int) -> None:
    reading = Reading(case.type, case.text, size)
    patches, document, path = Patches(reading, by_alias=by_alias), None, ""
    for batch in reading.batches():
        for patch in patches(batch):
            document, path = fold(document, json.loads(json.dumps(patch)), path)
        assert same(document, written(reading.snapshot, by_alias=by_alias))


@given(cases().filter(can_be_written), aliases, sizes)
def test_standard_patches_give_each_snapshot(case: Case, by_alias: bool | None, size: int) -> None:
    reading = Reading(case.type, case.text, size)
    patches, document = Patches(reading, standard=True, by_alias=by_alias), None
    for batch in reading.batches():
        for patch in patches(batch):
            document = jsonpatch.JsonPatch(json.loads(json.dumps(patch))).apply(document)
        assert same(document, written(reading.snapshot, by_alias=by_alias))


@given(cases().filter(can_be_written), sizes)
def test_json_deltas_are_the_value_s_json(case: Case, size: int) -> None:
    reading = Reading(case.type, case.text, size)
    deltas, text = JsonDeltas(reading), ""
    try:
        for batch in reading.batches():
            text += "".join(deltas(batch))
    except NotAppendableError:
        assert case.rewrites
        return
    assert same(json.loads(text), written(reading.snapshot))


def closed(text: str) -> Any:
    """A beginning of a JSON text, with all that is open in it closed."""
    return from_json(text, allow_partial="trailing-strings")


def begins(part: Any, whole: Any) -> bool:
    """Whether all of the part is in the whole, where texts and lists may go on."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and begins(value, whole[key]) for key, value in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and all(map(begins, part, whole)) and len(part) <= len(whole)
    if isinstance(part, str):
        return isinstance(whole, str) and whole.startswith(part)
    return same(part, whole)


@given(cases().filter(lambda case: can_be_written(case) and not case.rewrites), sizes)
def test_each_beginning_of_json_deltas_shows_no_more_than_the_snapshot(
    case: Case, size: int
) -> None:
    reading = Reading(case.type, case.text, size)
    deltas, text = JsonDeltas(reading), ""
    with suppress(NotAppendableError):
        for batch in reading.batches():
            text += "".join(deltas(batch))
            if text.strip():
                assert begins(closed(text), written(reading.snapshot))


class Lower(BaseModel):
    model_config = ConfigDict(str_to_lower=True)
    text: str
    items: list[str] = []
    by_name: dict[str, str] = {}


Upper = Annotated[str, StringConstraints(to_upper=True)]


class Uppers(RootModel[list[Upper]]):
    pass


class Shout(RootModel[Upper]):
    pass


class Around(BaseModel):
    plain: str
    inner: list[Lower]
    uppers: Uppers
    shout: Shout
    stripped: Annotated[str, StringConstraints(strip_whitespace=True)] | None


REWRITTEN = {
    "plain": "Ab",
    "inner": [{"text": "Ab", "items": ["Ab", "c D"], "by_name": {"a": "Ab"}}],
    "uppers": ["ab", "c"],
    "shout": "ab",
    "stripped": " a b ",
}


@pytest.mark.parametrize("size", range(1, 10))
def test_json_deltas_hold_back_a_text_that_its_end_rewrites(size: int) -> None:
    reading = Reading(Around, json.dumps(REWRITTEN), size)
    deltas = JsonDeltas(reading)
    pieces = ["".join(deltas(batch)) for batch in reading.batches()]
    assert json.loads("".join(pieces)) == written(reading.snapshot)
    assert reading.snapshot.inner[0].by_name == {"a": "ab"}
    if size == 1:
        assert {"A", "b"} <= set(pieces)  # the plain text is not held back
        assert any('"a b"' in piece for piece in pieces)


class Lazy(BaseModel):
    numbers: Iterable[int]
    label: str


@pytest.mark.parametrize("size", [1, 4])
def test_an_iterable_is_a_list_without_a_warning(size: int) -> None:
    reading = Reading(Lazy, '{"numbers":[1,22,333],"label":"few"}', size)
    patches, document, path = Patches(reading), None, ""
    for batch in reading.batches():
        for patch in patches(batch):
            document, path = fold(document, json.loads(json.dumps(patch)), path)
    assert document == {"numbers": [1, 22, 333], "label": "few"}


class Page(BaseModel):
    text: str


class Link(BaseModel):
    v: int
    name: str = ""
    kids: list[Link] = []


def chain(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {"v": 0}
    for level in range(depth):
        value = {"v": level, "kids": [value]}
    return value


@pytest.mark.parametrize("depth", [20, 60, pytest.param(90, marks=pytest.mark.full)])
def test_so_are_those_of_objects_that_all_end_at_once(depth: int) -> None:
    text = json.dumps(chain(depth), separators=(",", ":"))
    reading = Reading(Link, text, 4)
    patches, size = Patches(reading), 0
    for batch in reading.batches():
        size += sum(len(json.dumps(each, separators=(",", ":"))) for each in patches(batch))
    assert size <= 8 * max(len(text), 1024)


class Person(BaseModel):
    name: str
    email: str
    twitter: str


class People(BaseModel):
    people: list[Person]


def user(index: int) -> dict[str, str]:
    email = f"user{index}@example.com"
    return {"name": f"User {index}", "email": email, "twitter": f"@user{index}"}


LONG = [
    (Page, {"text": "lorem ipsum dolor sit amet " * 400}),
    (Page, {"text": 'say "hi"\n' * 120}),
    (People, {"people": [user(index) for index in range(250)]}),
    (list[int], [i % 9 for i in range(3000)]),
    (list[str], ["a"] * 1000),
    (dict[str, dict[str, int]], {"a long key" * 8: {str(i): i for i in range(600)}}),
    (dict[str, dict[str, bool | None]], {"a long key" * 20: {str(i): None for i in range(400)}}),
]


@pytest.mark.parametrize(("response_type", "value"), LONG)
def test_patches_are_at_most_8_times_as_long_as_the_answer(response_type: Any, value: Any) -> None:
    text = json.dumps(value, separators=(",", ":"))
    reading = Reading(response_type, text, 4)
    patches, document, path, size = Patches(reading), None, "", 0
    for batch in reading.batches():
        for patch in patches(batch):
            line = json.dumps(patch, separators=(",", ":"))
            size += len(line)
            document, path = fold(document, json.loads(line), path)
    assert document == value
    assert size <= 8 * len(text)


@pytest.mark.parametrize(("response_type", "value"), [LONG[0], LONG[2]])
def test_a_text_and_a_list_of_objects_have_a_patch_for_each_snapshot(
    response_type: Any, value: Any
) -> None:
    text = json.dumps(value, separators=(",", ":"))
    reading = Reading(response_type, text, 4)
    patches, document, path = Patches(reading), None, ""
    for batch in reading.batches():
        for patch in patches(batch):
            document, path = fold(document, json.loads(json.dumps(patch)), path)
        assert document == written(reading.snapshot)


LONG_KEYS = [
    (text, key, depth, count)
    for text in (0, 1200, 9000)
    for key in (1, 1500)
    for depth in (1, 8)
    for count in (5, 150)
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("text", "key", "depth", "count"), LONG_KEYS)
@pytest.mark.parametrize("leaf", [1, "abcdefgh"])
def test_so_are_those_of_many_short_values_far_down(
    text: int, key: int, depth: int, count: int, leaf: Any
) -> None:
    deep: Any = {str(index): leaf for index in range(count)}
    for _ in range(depth):
        deep = {"k" * (key // depth or 1): deep}
    written_out = json.dumps({"text": "a" * text, "deep": deep}, separators=(",", ":"))
    reading = Reading(Any, written_out, 4)
    patches, document, path, size = Patches(reading), None, "", 0
    for batch in reading.batches():
        for patch in patches(batch):
            size += len(json.dumps(patch, separators=(",", ":")))
            document, path = fold(document, json.loads(json.dumps(patch)), path)
    assert document == json.loads(written_out)
    assert size <= 8 * max(len(written_out), 1024)


class Counted(BaseModel):
    a: int = 0
    more: dict[int, str] = {}


NUMBERED: list[tuple[Any, str]] = [
    (dict[int, int], '{"1": 1, "02": 2, "2": 3, "-4": 4}'),
    (
        dict[int, Counted],
        '{"1": {"a": 1, "more": {"7": "seven", "07": "again"}}, "2": {"more": {}}}',
    ),
    (
        list[dict[int, list[str]]],
        '[{"1": ["one", "two"], "2": []}, {"1": ["three"], "01": ["x", "y"]}]',
    ),
    (dict[int | str, str], '{"1": "one", "01": "two", "a": "three"}'),
]


@pytest.mark.parametrize("size", range(1, 10))
@pytest.mark.parametrize(("response_type", "text"), NUMBERED)
def test_patches_into_dicts_with_numbers_as_keys(response_type: Any, text: str, size: int) -> None:
    reading = Reading(response_type, text, size)
    patches, document, path = Patches(reading), None, ""
    for batch in reading.batches():
        for patch in patches(batch):
            document, path = fold(document, json.loads(json.dumps(patch)), path)
        assert same(document, written(reading.snapshot))


def test_only_the_entry_that_changed_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[Any] = []
    differences = wire_document._differences

    def counted(parent: Any, key: Any, new: Any, steps: Any) -> Any:
        compared.append(steps)
        return differences(parent, key, new, steps)

    monkeypatch.setattr(wire_document, "_differences", counted)
    text = json.dumps({str(number): number for number in range(100)})
    reading = Reading(dict[int, int], text, 9)
    patches = Patches(reading)
    for batch in reading.batches():
        list(patches(batch))
    assert len(compared) < 400
