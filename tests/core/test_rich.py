"""Answers that fill in on a console: what is bright, where the cursor is, what is dim."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel, RootModel
from rich.console import Console
from rich.text import Text

import partwise
from partwise.rich import LiveView, SnapshotView


class User(BaseModel):
    name: str
    age: int


class Tags(RootModel[list[str]]):
    pass


@dataclass
class Place:
    city: str
    zip: str


class Meeting(BaseModel):
    users: list[User]
    place: Place
    tags: Tags
    prices: dict[str, float]
    note: str | None = None
    chair: User


WHOLE = {
    "users": [{"name": "Ada", "age": 36}, {"name": "Alan", "age": 41}],
    "place": {"city": "Bletchley", "zip": "MK3"},
    "tags": ["a", "b"],
    "prices": {"eur": 1.5},
    "chair": {"name": "Grace", "age": 37},
}
TEXT = json.dumps(WHOLE)


def up_to(mark: str) -> list[str]:
    """The answer's text up to and with the mark, and the rest."""
    end = TEXT.index(mark) + len(mark)
    return [TEXT[:end], TEXT[end:]]


def view(model: Any, chunks: list[str], *, color: bool = False) -> list[str]:
    """The lines of the first snapshot's picture; of the only chunk's, the finished one's."""
    with partwise.parse(model, chunks) as stream:
        snapshot = next(stream) if len(chunks) > 1 else stream.result()
        picture = SnapshotView(snapshot, stream.state)
    console = Console(
        width=60,
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
    )
    with console.capture() as capture:
        console.print(picture)
    return [line.rstrip() for line in capture.get().splitlines()]


def test_the_first_field_is_open_and_the_rest_is_missing() -> None:
    assert view(Meeting, up_to('"Ad')) == [
        "users",
        "  - name  Ad▌",
        "    age   ·",
        "place",
        "  city    ·",
        "  zip     ·",
        "tags      ·",
        "prices    ·",
        "note      ·",
        "chair",
        "  name    ·",
        "  age     ·",
    ]


def test_what_closed_has_no_cursor_and_an_open_number_has_nothing_else() -> None:
    lines = view(Meeting, up_to('"Alan", "age": 4'))

    assert lines[:5] == [
        "users",
        "  - name  Ada",
        "    age   36",
        "  - name  Alan",
        "    age   ▌",
    ]
    assert sum(line.count("▌") for line in lines) == 1


def test_every_kind_of_nesting_of_a_finished_answer() -> None:
    assert view(Meeting, [TEXT]) == [
        "users",
        "  - name  Ada",
        "    age   36",
        "  - name  Alan",
        "    age   41",
        "place",
        "  city    Bletchley",
        "  zip     MK3",
        "tags",
        "  -       a",
        "  -       b",
        "prices",
        "  eur     1.5",
        "note      ·",
        "chair",
        "  name    Grace",
        "  age     37",
    ]


def test_an_open_list_that_is_still_empty_is_a_cursor_and_a_closed_one_is_empty() -> None:
    class Bag(BaseModel):
        things: list[str]
        name: str

    assert view(Bag, ['{"things":[', '],"name":"x"}'])[0] == "things  ▌"
    assert view(Bag, ['{"things":[],"name":"x"}'])[0] == "things  []"


def test_bright_cursor_and_dim() -> None:
    ada, age, *_ = view(User, ['{"name":"Ad', 'a","age":36}'], color=True)

    assert ada == "name  \x1b[1mAd\x1b[0m\x1b[36m▌\x1b[0m"
    assert age == "\x1b[2mage \x1b[0m  \x1b[2m·  \x1b[0m"


def test_a_list_of_lists_at_the_root() -> None:
    assert view(list[list[int]], ["[[1,2],[3]]"]) == ["- -  1", "  -  2", "- -  3"]


@pytest.mark.parametrize("character", ["\x1b", "\x00", "\x9b", "\x7f"])
def test_the_model_can_not_steer_the_terminal(character: str) -> None:
    text = json.dumps({"name": f"a{character}[2J", "age": 1})

    assert view(User, [text])[0] == "name  a\N{REPLACEMENT CHARACTER}[2J"


def test_a_picture_stays_as_it_is_while_the_stream_goes_on() -> None:
    console = Console(file=io.StringIO(), width=60)
    with partwise.parse(User, ['{"name":"Ad', 'a","age":36}']) as stream:
        picture = SnapshotView(next(stream), stream.state)
        stream.result()
    with console.capture() as capture:
        console.print(picture)

    assert capture.get().startswith("name  Ad▌")


def played(console: Console, model: Any, chunks: list[str]) -> str:
    with (
        console.capture() as capture,
        partwise.parse(model, chunks) as stream,
        LiveView(stream, console=console) as live,
    ):
        for snapshot in stream:
            live.update(snapshot)
    return capture.get()


def test_without_a_terminal_each_value_is_a_line_once_it_is_complete() -> None:
    output = played(Console(file=io.StringIO(), width=20), Meeting, list(TEXT))

    assert output.splitlines() == [
        'users[0].name: "Ada"',
        "users[0].age: 36",
        'users[1].name: "Alan"',
        "users[1].age: 41",
        'place.city: "Bletchley"',
        'place.zip: "MK3"',
        'tags[0]: "a"',
        'tags[1]: "b"',
        "prices.eur: 1.5",
        'chair.name: "Grace"',
        "chair.age: 37",
    ]


def test_a_value_without_a_path_is_a_line_of_its_own() -> None:
    assert played(Console(file=io.StringIO()), int, ["4", "2"]) == "42\n"


def test_on_a_terminal_the_last_picture_stays() -> None:
    console = Console(file=io.StringIO(), width=60, force_terminal=True, legacy_windows=False)

    output = played(console, User, ['{"name":"Ada",', '"age":36}'])

    lines = [Text.from_ansi(line).plain.rstrip() for line in output.splitlines()]
    assert lines[-3:] == ["name  Ada", "age   36", ""]
    assert output.count("\x1b[?25h") == 1
