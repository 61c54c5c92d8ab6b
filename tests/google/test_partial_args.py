"""Streamed arguments become one JSON text, whatever they are and however they are cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from google.genai.types import PartialArg
from hypothesis import given
from hypothesis import strategies as st

from partwise_google._partial_args import PartialArgs, parse_path

Leaf = dict[str, Any]

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
# Leaves can't tell of empty lists and objects.
values = st.recursive(
    scalars.filter(lambda value: not isinstance(value, float) or abs(value) < 1e300),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4)
        | st.dictionaries(st.text(min_size=1), inner, min_size=1, max_size=4)
    ),
    max_leaves=12,
)
arguments = st.dictionaries(st.text(min_size=1), values, min_size=1, max_size=4)


def leaves(value: Any, path: str, cut: st.DataObject) -> Iterator[Leaf]:
    """The leaves of a value as Vertex AI streams them."""
    match value:
        case dict():
            for name, child in value.items():
                yield from leaves(child, path + draw_step(name, cut), cut)
        case list():
            for index, child in enumerate(value):
                yield from leaves(child, f"{path}[{index}]", cut)
        case str():
            yield from pieces(value, path, cut)
        case None:
            yield {"jsonPath": path, "nullValue": "NULL_VALUE"}
        case bool():
            yield {"jsonPath": path, "boolValue": value}
        case _:
            yield {"jsonPath": path, "numberValue": value}


def draw_step(name: str, cut: st.DataObject) -> str:
    escaped = json.dumps(name)[1:-1]
    forms = [f'["{escaped}"]', "['" + escaped.replace('\\"', '"').replace("'", "\\'") + "']"]
    if not set(name) & set(".["):
        forms.append(f".{name}")
    return cut.draw(st.sampled_from(forms))


def pieces(text: str, path: str, cut: st.DataObject) -> Iterator[Leaf]:
    places = sorted(cut.draw(st.lists(st.integers(0, len(text)), max_size=3)))
    bounds = zip([0, *places], [*places, len(text)], strict=True)
    found = [{"jsonPath": path, "stringValue": text[start:end]} for start, end in bounds]
    yield from ({**piece, "willContinue": True} for piece in found[:-1])
    yield found[-1]


def write(*found: Leaf) -> list[str]:
    assembled = PartialArgs()
    texts = [assembled.feed(PartialArg.model_validate(leaf)) for leaf in found]
    return [*texts, assembled.close()]


def as_doubles(value: Any) -> Any:
    """The value after its way over a wire that knows doubles only."""
    match value:
        case dict():
            return {name: as_doubles(child) for name, child in value.items()}
        case list():
            return [as_doubles(child) for child in value]
        case int() if not isinstance(value, bool):
            return float(value)
    return value


@given(arguments, st.data())
def test_any_value_comes_through(value: dict[str, Any], cut: st.DataObject) -> None:
    text = "".join(write(*leaves(value, "$", cut)))

    assert as_doubles(json.loads(text)) == as_doubles(value)


def test_text_comes_as_early_as_it_can() -> None:
    assert write(
        {"jsonPath": "$.users[0].name", "stringValue": "A", "willContinue": True},
        {"jsonPath": "$.users[0].name", "stringValue": "da", "willContinue": True},
        {"jsonPath": "$.users[0].name", "stringValue": ""},
        {"jsonPath": "$.users[0].age", "numberValue": 36.0},
        {"jsonPath": "$.users[1].name", "stringValue": "Bob"},
        {"jsonPath": "$.place['full name']", "nullValue": "NULL_VALUE"},
    ) == [
        '{"users":[{"name":"A',
        "da",
        '"',
        ',"age":36',
        '},{"name":"Bob"',
        '}],"place":{"full name":null',
        "}}",
    ]


@pytest.mark.parametrize(
    ("number", "text"), [(3.0, "3"), (-0.5, "-0.5"), (2.0**53, "9007199254740992"), (1e60, "1e+60")]
)
def test_integers_are_written_as_integers(number: float, text: str) -> None:
    assert write({"jsonPath": "$.n", "numberValue": number}) == [f'{{"n":{text}', "}"]


def test_a_string_whose_end_is_missing_ends_with_what_follows() -> None:
    more = {"jsonPath": "$.a", "stringValue": "x", "willContinue": True}

    assert "".join(write(more, {"jsonPath": "$.b", "boolValue": True})) == '{"a":"x","b":true}'
    assert "".join(write(more)) == '{"a":"x"}'
    assert "".join(write(more, {"jsonPath": "$.a"})) == '{"a":"x"}'


def test_half_a_surrogate_pair() -> None:
    halves: list[Leaf] = [
        {"jsonPath": "$.a", "stringValue": "\ud83d", "willContinue": True},
        {"jsonPath": "$.a", "stringValue": "\ude00"},
    ]

    assert json.loads("".join(write(*halves))) == {"a": "😀"}


def test_a_skipped_item_is_null() -> None:
    found: list[Leaf] = [{"jsonPath": f"$.a[{index}]", "numberValue": index} for index in (1, 4)]

    assert "".join(write(*found)) == '{"a":[null,1,null,null,4]}'


def test_a_leaf_without_a_value_says_nothing() -> None:
    assert write({"jsonPath": "$.a"}, {"jsonPath": "$.b", "willContinue": True}) == ["", "", "{}"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("$.a", "$.a"),
        ("$.a.x", "$.a"),
        ("$.a", "$.a.x"),
        ("$.a[1]", "$.a[0]"),
        ("$.a[0]", "$.a.x"),
        ("$.a.x", "$.a[0]"),
    ],
)
def test_no_way_back(first: str, second: str) -> None:
    with pytest.raises(ValueError, match=r"out of order|two values"):
        write(*({"jsonPath": path, "boolValue": True} for path in (first, second)))


def test_no_way_back_to_a_closed_object() -> None:
    with pytest.raises(ValueError, match="out of order"):
        write(*({"jsonPath": path, "boolValue": True} for path in ("$.a.x", "$.b", "$.a.y")))


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("$", []),
        ("$.foo.bar[0].data", ["foo", "bar", 0, "data"]),
        ("$.with space['a.b'][\"c[0]\"][12]", ["with space", "a.b", "c[0]", 12]),
        (r"$['it\'s \"so\" \u00e9\n']", ['it\'s "so" é\n']),
        (r"$['say \\']", ["say \\"]),
        ("$['\"']", ['"']),
        ("$['']", [""]),
    ],
)
def test_paths(path: str, steps: list[str | int]) -> None:
    assert parse_path(path) == steps


@pytest.mark.parametrize("path", ["", "a", ".a", "$a", "$.", "$..a", "$[*]", "$.a[", "$['a"])
def test_not_a_path(path: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        parse_path(path)
