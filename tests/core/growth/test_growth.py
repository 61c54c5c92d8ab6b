"""The work a delta does not grow with what is there already: counted, and not timed."""

from __future__ import annotations

import gc
import re
import sys
import weakref
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from types import CodeType, FrameType
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, create_model, field_validator

import partwise
from partwise._json.parser import Parser
from partwise._plan.instances import model_maker
from partwise._plan.partial import partial_of
from partwise._plan.plan import compile_plan
from partwise._session.answer_schema import answer_schema, envelope_of
from partwise._snapshot.builder import SnapshotBuilder
from partwise._snapshot.model_frame import ModelFrame

DELTA_CHARS = 4
WINDOW = 4_000
"""So many deltas are counted, at each of the two places that are compared."""


class User(BaseModel):
    name: str
    email: str
    age: int
    bio: str


class Reply(BaseModel):
    users: list[User]


class Keyed(BaseModel):
    users: dict[str, User]


def user(number: int) -> str:
    # Of one length, so that a window holds as many at any place.
    return (
        f'{{"name": "John Doe {number:06}", "email": "john{number:06}@example.com", '
        f'"age": {number % 90 + 10}, "bio": "Lorem ipsum dolor sit amet, consectetur"}}'
    )


def listed(count: int) -> str:
    return f'{{"users": [{", ".join(map(user, range(count)))}]}}'


def keyed(count: int) -> str:
    pairs = (f'"{number:06}": {user(number)}' for number in range(count))
    return f'{{"users": {{{", ".join(pairs)}}}}}'


def pieces(text: str) -> list[str]:
    return [text[start : start + DELTA_CHARS] for start in range(0, len(text), DELTA_CHARS)]


@contextmanager
def counted_calls() -> Iterator[Counter[CodeType | str]]:
    """Counts the calls of Python functions, by their code, and of built-in ones, by name."""
    calls: Counter[CodeType | str] = Counter()

    def note(frame: FrameType, event: str, what: Any) -> None:
        if event == "call":
            calls[frame.f_code] += 1
        elif event == "c_call":
            calls[what.__qualname__] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def counts_at(
    model: type[BaseModel], text: str, places: tuple[int, ...]
) -> list[Counter[CodeType | str]]:
    """What was called in the window that begins with each of these deltas."""
    builder = SnapshotBuilder(compile_plan(model))
    deltas = pieces(text)
    shown: Any = None
    counts = []
    for number, delta in enumerate(deltas):
        if number in places:
            counts.append(_count(builder, deltas[number : number + WINDOW]))
        elif not any(place <= number < place + WINDOW for place in places):
            builder.feed(delta)
            shown = builder.snapshot()
    assert shown is not None
    return counts


def _count(
    builder: SnapshotBuilder, deltas: list[str], *, held: int = 1
) -> Counter[CodeType | str]:
    """What is called for these deltas, with so many snapshots held at any time."""
    snapshots: deque[Any] = deque(maxlen=held)
    with counted_calls() as calls:
        for delta in deltas:
            builder.feed(delta)
            snapshots.append(builder.snapshot())
    return calls


@pytest.mark.parametrize(("model", "write"), [(Reply, listed), (Keyed, keyed)])
def test_as_much_is_called_for_a_delta_at_the_end_as_at_the_beginning(
    model: type[BaseModel], write: Callable[[int], str]
) -> None:
    text = write(3_000)
    last = len(text) // DELTA_CHARS - WINDOW - 10
    early, late = counts_at(model, text, (4_000, last))
    assert late.total() == pytest.approx(early.total(), rel=0.02)
    # Not a few calls less of this and a few more of that, either.
    for what in early | late:
        assert late[what] == pytest.approx(early[what], rel=0.05, abs=40), what


def test_few_functions_are_called_for_a_delta() -> None:
    # Each call more a delta costs some five per cent: it is to be a decision, and no accident.
    deltas = pieces(listed(300))
    builder = SnapshotBuilder(compile_plan(Reply))
    with counted_calls() as fed:
        for delta in deltas:
            builder.feed(delta)
    with counted_calls() as parsed:
        for _ in partwise.parse(Reply, deltas):
            pass
    assert _python_calls(fed) / len(deltas) < 5.2
    assert _python_calls(parsed) / len(deltas) < 18


def _python_calls(calls: Counter[CodeType | str]) -> int:
    return sum(count for called, count in calls.items() if isinstance(called, CodeType))


@pytest.mark.parametrize(
    ("model", "write", "what"),
    [(Reply, listed, "list.copy"), (Keyed, keyed, "dict.copy")],
)
def test_a_large_container_is_copied_no_more(
    model: type[BaseModel], write: Callable[[int], str], what: str
) -> None:
    builder = SnapshotBuilder(compile_plan(model))
    deltas = pieces(write(100))
    for delta in deltas[:-1200]:
        builder.feed(delta)
        builder.snapshot()
    # What is left are the dicts of new models, a few for each, and now and then a new buffer.
    assert _count(builder, deltas[-1200:-200])[what] < 1000 * 0.2
    assert _count(builder, deltas[-200:], held=3)[what] > 200 * 0.5


def test_instances_made_a_delta_are_those_of_the_open_path(monkeypatch: pytest.MonkeyPatch) -> None:
    text = listed(2_000)
    make = model_maker(User).__code__
    early, late = counts_at(Reply, text, (4_000, len(text) // DELTA_CHARS - WINDOW - 10))
    # Two levels are open, and most of what was shown before is shown again.
    assert 0 < late[make] <= WINDOW / 4
    assert late[make] == pytest.approx(early[make], rel=0.02)


def test_a_delta_inside_a_text_makes_nothing_but_the_text() -> None:
    builder = SnapshotBuilder(compile_plan(User))
    for delta in pieces('{"name": "Jo'):  # until it has two instances to show by turns
        builder.feed(delta)
        builder.snapshot()
    builder.feed(" D")
    builder.snapshot()
    calls = _count(builder, ["oe, "] * 100)
    assert not calls["dict.copy"]
    assert not calls[ModelFrame._make.__code__]
    assert not calls[model_maker(User).__code__]


class Watched(Parser):
    """A parser that notes how many characters its patterns are shown."""

    shown = 0

    def feed(self, text: str) -> None:
        self.shown += len(text)
        super().feed(text)


def test_the_parser_is_shown_each_character_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = listed(50)
    monkeypatch.setattr("partwise._snapshot.builder.Parser", Watched)
    builder = SnapshotBuilder(compile_plan(Reply))
    watched: Any = builder.parser
    for delta in pieces(text):
        builder.feed(delta)
        builder.snapshot()
    assert watched.shown == len(text)


def test_no_field_is_validated_twice() -> None:
    validated: Counter[str] = Counter()

    class Named(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def note(cls, name: str) -> str:
            validated[name] += 1
            return name

    class Names(BaseModel):
        inner: list[list[Named]]

    names = [f"n{number}" for number in range(200)]
    row = ", ".join(f'{{"name": "{name}"}}' for name in names)
    builder = SnapshotBuilder(compile_plan(Names))
    for delta in pieces(f'{{"inner": [[{row}]]}}'):
        builder.feed(delta)
        builder.snapshot()
    assert validated == dict.fromkeys(names, 1)
    builder.close()
    assert validated == dict.fromkeys(names, 1)


@pytest.mark.parametrize("kept", [1, 2, 3, 1_000_000])
@pytest.mark.parametrize(("model", "write"), [(Reply, listed), (Keyed, keyed)])
def test_a_snapshot_of_a_large_container_never_changes(
    model: type[BaseModel], write: Callable[[int], str], kept: int
) -> None:
    builder = SnapshotBuilder(compile_plan(model))
    held: deque[tuple[Any, str]] = deque(maxlen=kept)
    text = write(75)
    small = len(text) * 4 // 5  # a little before it becomes large
    builder.feed(text[:small])
    for number, delta in enumerate(pieces(text[small:])):
        builder.feed(delta)
        shown: Any = builder.snapshot()
        # Either the whole snapshot is held or the container alone, in turns of several lengths.
        if number % 7 < 5:
            what = shown.users if number % 3 else shown
            held.append((what, repr(what)))
        for what, looked in held if number % 500 == 0 else [*held][-3:]:
            assert repr(what) == looked


HOLDS: dict[str, Callable[[Any], Any]] = {
    "the snapshot": lambda shown: shown,
    "the list": lambda shown: shown.users,
    "the open element": lambda shown: shown.users and shown.users[-1],
    "the snapshot's dict": vars,
    "the element's dict": lambda shown: vars(shown.users[-1]) if shown.users else None,
    "an iterator": lambda shown: enumerate(shown.users or ()),
}


@pytest.mark.parametrize("apart", [1, 2, 3, 5])
@pytest.mark.parametrize("what", HOLDS)
def test_what_somebody_has_of_a_snapshot_never_changes(what: str, apart: int) -> None:
    builder = SnapshotBuilder(compile_plan(Reply))
    held = []
    before, *deltas = re.split(r"(?<=00006\d)", listed(68))  # where the list becomes large
    builder.feed(before)
    for number, delta in enumerate(pieces("".join(deltas))):
        builder.feed(delta)
        shown = builder.snapshot()
        if number % apart == 0 and shown is not None:
            mine = HOLDS[what](shown)
            looks = repr([*HOLDS[what](shown)] if what == "an iterator" else mine)
            held.append((mine, looks))
    for mine, looked in held:
        assert repr([*mine] if what == "an iterator" else mine) == looked


@pytest.mark.parametrize("apart", [1, 2, 3])
def test_what_somebody_watches_of_a_snapshot_never_changes(apart: int) -> None:
    builder = SnapshotBuilder(compile_plan(Reply))
    watched: list[tuple[weakref.ref[Any], str]] = []
    for number, delta in enumerate(pieces(listed(4))):
        builder.feed(delta)
        shown: Any = builder.snapshot()
        if number % apart == 0:
            parts = [shown, *(shown.users or ())[-1:]] if shown else []
            watched += [(weakref.ref(each), repr(each)) for each in parts]
            parts.clear()
        for watch, looked in watched:
            assert watch() is None or repr(watch()) == looked


def test_what_is_done_to_one_snapshot_is_not_seen_in_another() -> None:
    class Cached(User):
        @cached_property
        def length(self) -> int:
            return len(self.bio or "")

    class CachedReply(BaseModel):
        users: list[Cached]

    touched, alone = (SnapshotBuilder(compile_plan(CachedReply)) for _ in range(2))
    scribbled: list[Any] = [None]
    for delta in pieces(listed(5)):
        touched.feed(delta)
        alone.feed(delta)
        if scribbled[-1] is (shown := touched.snapshot()):
            continue  # nothing has changed, so it is the same
        assert shown == alone.snapshot()
        if type(last := (shown.users or [None])[-1]) is not Cached and last is not None:
            assert last.length == len(last.bio or "")
            vars(last)["bio"] = "scribbled"
            vars(shown)["users"] = None
        scribbled[:] = [shown]
        del last


def test_large_containers_show_what_small_ones_do() -> None:
    text = keyed(100)
    deltas = pieces(text)
    builder = SnapshotBuilder(compile_plan(Keyed))
    for number, delta in enumerate(deltas):
        builder.feed(delta)
        shown = builder.snapshot()
        if number % 97 == 0:
            alone = SnapshotBuilder(compile_plan(Keyed))
            alone.feed("".join(deltas[: number + 1]))
            assert shown == alone.snapshot()
            assert [*(shown.users or ())] == [*(alone.snapshot().users or ())]


def test_classes_for_snapshots_are_made_when_something_shows() -> None:
    class Inner(BaseModel):
        text: str

    class Outer(BaseModel):
        inner: Inner
        more: list[Inner]

    plan = compile_plan(Outer)
    assert not Inner.__subclasses__()
    assert not Outer.__subclasses__()
    builder = SnapshotBuilder(plan)
    builder.feed('{"more": [')
    assert builder.snapshot().inner == partial_of(Inner).model_construct(text=None)
    assert len(Inner.__subclasses__()) == len(Outer.__subclasses__()) == 1


def test_a_class_that_can_not_be_derived_from_is_told_before_anything_is_asked() -> None:
    class Sealing(type(BaseModel)):  # type: ignore[misc]
        def __init__(cls, name: str, *_: Any) -> None:
            if name != "Sealed":
                raise TypeError("sealed")

    class Sealed(BaseModel, metaclass=Sealing):
        text: str

    class Outer(BaseModel):
        inner: Sealed

    with pytest.raises(TypeError, match="sealed"):
        compile_plan(Outer)


def test_the_json_schema_of_a_plan_is_made_once() -> None:
    made: list[dict[str, Any]] = []

    class Noted(BaseModel):
        model_config = ConfigDict(json_schema_extra=made.append)
        text: str

    for response_type in (Noted, list[Noted]):
        made.clear()
        plan = compile_plan(response_type)
        assert not made
        assert answer_schema(plan)["properties"]
        assert envelope_of(plan) == (None if response_type is Noted else "value")
        assert len(made) == 1


def test_plans_of_models_defined_on_the_way_are_let_go() -> None:
    # The cache is bounded: what is compiled beyond its bound pushes the oldest out.
    bound = 128
    references = []
    for number in range(500):
        local = create_model(f"Local{number}", number=(int, ...))
        references.append(weakref.ref(local))
        compile_plan(local)
    del local
    gc.collect()
    alive = sum(reference() is not None for reference in references)
    assert alive <= bound + 1
