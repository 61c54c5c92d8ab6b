"""A value that is in one piece is read at once, and the answer is the same."""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter
from pydantic_core import SchemaError

import partwise
from partwise import Limits
from partwise._errors import OutputError
from partwise._json import grammar, parser, tokens
from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder

from .cases import Case, case_of
from .early_errors import judges, values_for
from .registry import TYPES
from .values import same
from .writing import texts

if TYPE_CHECKING:
    from collections.abc import Iterator


class User(BaseModel):
    name: str
    age: int = Field(ge=0)
    tags: list[str] = []


class Reply(BaseModel):
    users: list[User]
    note: str = ""


def reply(count: int, **user: Any) -> str:
    users = [{"name": f"n{n}", "age": n, "tags": ["x", "y"], **user} for n in range(count)]
    return json.dumps({"users": users, "note": "the end"})


def steps(text: str, kind: Any, monkeypatch: pytest.MonkeyPatch, *, cut: int = 0) -> int:
    """The steps that the parser takes for a text in one piece, or in two."""
    with counted_steps(monkeypatch) as taken:
        builder = SnapshotBuilder(compile_plan(kind))
        for piece in (text[:cut], text[cut:]):
            builder.feed(piece)
        assert builder.close() == TypeAdapter(kind).validate_json(text)
    return taken.total()


@contextmanager
def counted_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    taken: Counter[str] = Counter()

    def counted(name: str, step: Any) -> Any:
        def take(parser: Any, piece: str, index: int) -> int:
            taken[name] += 1
            return int(step(parser, piece, index))

        return take

    with monkeypatch.context() as patch:
        for name in ("VALUE", "NEXT_KEY", "AFTER_VALUE", "STRING", "TOKEN", "FIRST_ITEM"):
            step = counted(name, vars(grammar)[name])
            for module in (grammar, parser):
                patch.setattr(module, name, step, raising=module is grammar)
        yield taken


def test_an_answer_in_one_piece_is_not_read_by_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    assert steps(reply(500), Reply, monkeypatch) < 10


def test_nor_is_one_of_100_kb_amid_other_text(monkeypatch: pytest.MonkeyPatch) -> None:
    text = reply(2_500)
    assert 100_000 < len(text) < 200_000
    with counted_steps(monkeypatch) as taken:
        value = partwise.parse(Reply, f"Here it is: {text} Done.", lenient=True).result()
    assert value == Reply.model_validate_json(text)
    assert taken.total() < 500  # its beginning is looked at by itself


def test_elements_that_are_in_one_piece_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = reply(500)
    whole = steps(text, Reply, monkeypatch, cut=len(text) // 2)
    assert whole < steps(text, Reply, monkeypatch, cut=1) + 4_000


def test_the_inside_of_what_does_not_show_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps({"x": json.loads(reply(20)), "users": []})
    assert steps(text, Reply, monkeypatch, cut=1) < 25


LIMITS: dict[str, tuple[str, Limits]] = {
    "depth": (f'{{"x":{"[" * 300}{"]" * 300},"users":[]}}', Limits()),
    "a lower depth": (reply(9), Limits(depth=2)),
    "digits": (f'{{"x":{"1" * 5000}.5,"users":[]}}', Limits()),
    "characters": (reply(9), Limits(characters=300)),
    "a key twice": (reply(9)[:-1] + ',"note":""}', Limits()),
    "a key twice inside": (reply(9).replace('"age": 4', '"age": 4, "age": 4'), Limits()),
    "a surrogate": (reply(9, name=1).replace("1,", '"\\ud800",', 1), Limits()),
    "text after it": (reply(9) + " and more", Limits()),
    "a control character": (reply(9).replace("the end", "the\nend"), Limits()),
    "not valid": (reply(9).replace('"age": 7', '"age": -7'), Limits()),
    "cut off": (reply(9)[:-30], Limits()),
}


@pytest.mark.parametrize("name", LIMITS)
def test_all_bounds_hold_however_it_is_cut(name: str) -> None:
    text, limits = LIMITS[name]
    outcomes = [
        outcome(Reply, pieces, limits)
        for pieces in ([text], [text[:1], text[1:]], [text[:14], text[14:]], text)
    ]
    if name == "characters":  # counted at the end of a piece, all of which shows
        outcomes = [each[:3] for each in outcomes]
    assert all(each == outcomes[0] for each in outcomes)


def outcome(kind: Any, pieces: Any, limits: Limits | None = None) -> Any:
    builder = SnapshotBuilder(compile_plan(kind), limits=limits)
    try:
        for piece in pieces:
            builder.feed(piece)
        return builder.close()
    except (OutputError, SchemaError) as error:  # the latter is pydantic's, of a control exception
        place = getattr(error, "position", None)
        return type(error), str(error).splitlines()[0], place, repr(builder.snapshot())


@st.composite
def long_cases(draw: st.DrawFn) -> Case:
    row = draw(st.sampled_from(TYPES))
    texts_of_row = [draw(texts(draw(row.values))) for _ in range(draw(st.integers(1, 3)))]
    elements = ",".join(texts_of_row * (1 + 400 // max(len(",".join(texts_of_row)), 1)))
    kind: Any = list[row.type]  # type: ignore[name-defined]
    row = type(row)("", "long", kind, st.none(), frozenset(), row.rewrites, row.whole)
    return case_of(row, f"[{elements}]")


@given(long_cases(), st.data())
def test_a_snapshot_of_a_long_text_depends_on_the_text_alone(
    case: Case, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(case.text) - 1))
    pieces = [case.text[:cut], case.text[cut:]]
    once = [shown for shown, _ in case.stream(pieces)]
    slowly = [shown for shown, _ in case.stream([*case.text[:cut], *case.text[cut:]])]
    assert same(once[1], slowly[-1])
    assert not cut or same(once[0], slowly[cut - 1])
    *_, (_, builder) = case.stream(pieces)
    assert same(builder.close(), case.final)


@given(judges, st.data())
def test_what_is_judged_at_once_is_judged_the_same(model: type[BaseModel], data: Any) -> None:
    schema = model.model_json_schema()
    text = json.dumps([data.draw(values_for(schema, schema)) for _ in range(2)] * 20)
    kind: Any = list[model]  # type: ignore[valid-type]
    once, slowly = (outcome(kind, pieces) for pieces in ([text], text))
    if isinstance(once, tuple):
        assert once[:2] == slowly[:2]
    else:
        assert same(once, slowly)


@pytest.mark.parametrize(
    ("text", "digits", "is_long"),
    [("1" * 9, 8, True), ("[1,2,3,4]", 3, False), ('{"a":-1.5e3}', 4, True), ("x" * 99, 3, False)],
)
def test_a_long_number_is_seen(text: str, digits: int, is_long: bool) -> None:
    assert tokens.has_long_number(text, digits) is is_long
    assert is_long or not re.search(rf"\d{{{digits + 1}}}", text)
