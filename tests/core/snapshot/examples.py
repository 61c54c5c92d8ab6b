"""Answers written by hand, at least one for each kind of type: always the same, and quick."""

from __future__ import annotations

import collections
import datetime as dt
from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Json, RootModel, SecretStr

from partwise import Atomic

from . import models as m

POINT = '{"x": 12, "y": 1.5}'
USER = '{"name": "A\\n\\u00e9\\ud83d\\ude00", "age": 25, "email": null}'
CAT = '{"kind": "cat", "name": "Tom", "lives": 7}'
LATE_TOYS = '{"toys": ["ball", "bone"], "name": "Rex", "kind": "puppy"}'

EXAMPLES: list[tuple[Any, str]] = [
    (m.Point, POINT),
    (
        m.Meeting,
        (f'{{"title": "Plan", "users": [{USER}, {{"name": "B", "age": 3}}], "place": {POINT}, '
        '"tags": ["a", ""], "notes": {"k": "v", "l": ""}, "unknown": {"a": [1]}}'),
    ),
    (m.Tree, '{"name": "a", "children": [{"name": "b", "parent": {"name": "c"}}], "parent": null}'),
    (m.Ping, '{"n": 1, "pong": {"s": "x", "pings": [{"n": 2}, {"n": 3, "pong": null}]}}'),
    (m.Box[m.Point], f'{{"item": {POINT}, "label": "l"}}'),
    (m.Node[int], '{"item": 1, "children": [{"item": 2, "children": [{"item": 3}]}]}'),
    (m.Derived, '{"extra_field": 3}'),
    (m.Allowing, '{"other": {"a": [1, "two"]}, "known": "k", "last": "text"}'),
    (m.AllowingPoints, f'{{"known": "k", "p": {POINT}, "q": {{"x": 1}}}}'),
    (m.Forbidding, '{"known": "k", "other": 4}'),
    (m.Frozen, '{"n": 1, "s": "s"}'),
    (m.Strict, '{"n": 1, "s": "s", "points": [{"x": 1, "y": 2.5}], "days": [1, 2]}'),
    (m.Aliased, '{"theA": "a", "theB": 2, "c": ["x"]}'),
    (m.Choices, '{"second": "a", "b": 2}'),
    (m.DeepAlias, '{"outer": {"inner": "a"}, "b": 2}'),
    (m.ByName, '{"a": "a", "theB": 2}'),
    (m.ByNameOnly, '{"a": "a"}'),
    (list[m.Private], '[{"n": 1, "s": "s"}]'),
    (m.Computed, '{"width": 2, "height": 3}'),
    (m.CustomInit, '{"n": 1, "s": "s"}'),
    (list[m.CustomInit], '[{"n": 1, "s": "s"}]'),
    (m.Serialised, '{"n": 1, "names": ["a", "b"]}'),
    (list[m.WithDefaults], '[{"n": 4}, {"items": [], "point": {"x": 2}, "derived": 5}]'),
    (list[m.ValidatedDefaults], '[{"s": "s"}, {"n": 1}]'),
    (m.Required, f'{{"number": 1, "place": {POINT}, "who": {USER}}}'),
    (m.Rooted, (f'{{"numbers": [1, 2], "word": "w", "number": 3, "wrapped": {POINT}, "table": '
               f'{{"a": {POINT}}}}}')),
    (m.Points, f"[{POINT}, {POINT}]"),
    (m.Word, '"word"'),
    (m.Number, " 12 "),
    (m.Table, f'{{"a": {POINT}}}'),
    (list[m.PlainData], '[{"s": "a", "n": 1}, {"n": 2, "s": "b", "items": [1, 2]}]'),
    (list[m.SlottedData], '[{"s": "a"}, {"n": 2, "s": "b"}]'),
    (m.NestedData, '{"inner": {"s": "a", "n": 1}, "many": [{"s": "b", "point": {"x": 1}}]}'),
    (m.InitData, '{"s": "a", "n": 1}'),
    (list[m.MadeData], '[{"s": "a"}, {"s": "bc"}]'),
    (list[m.ComputedData], '[{"n": 0, "s": "abc"}]'),
    (m.TreeData, '{"children": [{"n": 1, "children": []}, {"n": 23}], "n": 4}'),
    (m.SerialisedData, '{"n": 1, "inner": {"n": 12, "names": ["a", "b"]}}'),
    (m.Total, f'{{"s": "a", "n": 1, "point": {POINT}}}'),
    (list[m.Partly], '[{"s": "a"}, {"n": 1, "s": "b"}, {}]'),
    (m.Pair, '["a", 1]'),
    (list[list[int]], "[[1, 2], [], [30]]"),
    (Annotated[list[int], Field(min_length=1)], "[1, 2]"),
    (set[str], '["a", "b", "a"]'),
    (m.Held, '{"names": ["a", "b", "a"], "points": [{"n": 1, "s": "a"}], "pair": [1, "x"]}'),
    (tuple[m.Point, ...], f"[{POINT}, {POINT}]"),
    (dict[int, m.Point], f'{{"1": {POINT}, "20": {POINT}}}'),
    (dict[dt.date, str], '{"2024-01-02": "abc", "2024-01-03": ""}'),
    (Annotated[dict[str, int], Field(min_length=1)], '{"a.b": 1, "[c]": 2}'),
    (Sequence[m.Point], f"[{POINT}]"),
    (Mapping[str, int], '{"a": 1}'),
    (deque[m.Point], f"[{POINT}]"),
    (collections.Counter[str], '{"a": 1}'),
    (list[m.Point | None], f"[null, {POINT}]"),
    (list[int | str], '[1, "two", 3]'),
    (list[dt.date | int | str], '[1, "2024-01-02", "x"]'),
    (list[list[int] | int], "[[1], 2]"),
    (list[m.Point | str], f'[{POINT}, "text"]'),
    (list[m.Point | m.User], f"[{POINT}, {USER}]"),
    (list[m.Cat | m.Dog], f"[{CAT}, {LATE_TOYS}]"),
    (list[m.Pet], f'[{CAT}, {LATE_TOYS}, {{"size": 1, "kind": "lizard"}}]'),
    (dict[str, m.Pet], f'{{"a": {CAT}, "b": {LATE_TOYS}}}'),
    (m.AliasedPet, '{"Kind": "dog", "name": "Rex"}'),
    (m.Suited, '{"suit": "hearts", "shade": "dark"}'),
    (m.Versioned, '{"n": 3, "version": 2}'),
    (m.NestedPet, '{"s": "abc", "sound": "quack", "kind": "bird2"}'),
    (m.CallablePet, POINT),
    (m.Owner, f'{{"pet": {LATE_TOYS}, "pets": [{CAT}], "by_name": {{"a": {CAT}}}, "spare": null}}'),
    (list[Decimal | bool], "[1.50, true]"),
    (Literal["yes", "yesterday"], '"yes"'),
    (list[m.Colour], '["red", "blue"]'),
    (m.Level, "20"),
    (list[dt.datetime], '["2024-01-02T03:04:05"]'),
    (SecretStr, '"secret"'),
    (Json[list[int]], '"[1, 2]"'),
    (Any, '{"a": [1, "two", null, {"b": true}], "c": "text"}'),
    (list[m.Celsius], "[1.5]"),
    (m.Names, '["a", "b"]'),
    (list[m.Cut], "[[1, 2], [3]]"),
    (list[m.Listed], "[[1, 2], 3]"),
    (list[m.WrappedPoint], f"[{POINT}]"),
    (list[m.BeforeModel], f'[{{"n": 9, "s": "abc", "inner": {POINT}}}]'),
    (list[m.WrapModel], '[{"n": 9, "s": "abc"}]'),
    (list[m.MaybeMended], (f'[{{"items": 1, "inner": {{"n": 1, "s": "", "inner": {POINT}}}, '
                          f'"pet": {LATE_TOYS}, "kind": "mended"}}, '
                          f'{{"anything": {{"a": [1]}}, "items": [{POINT}], "kind": "unmended"}}, '
                          '{"n": 1, "kind": "whole"}]')),
    (list[Annotated[dict[int, str], BeforeValidator(lambda v: v)]], '[{"1": "a", "2": "b"}]'),
    (list[Annotated[m.Pet, AfterValidator(lambda v: v)]], f"[{CAT}, {LATE_TOYS}]"),
    (list[Annotated[str, Atomic()]], '["abc"]'),
    (list[m.AllowingPoints], f'[{{"known": "k", "p": {POINT}}}]'),
    (list[Annotated[tuple[int, ...], AfterValidator(lambda v: v)]], "[[1, 2]]"),
    (list[RootModel[Annotated[list[int], BeforeValidator(lambda v: v)]]], "[[1, 2]]"),
    (list[RootModel[RootModel[list[int]]]], "[[1, 2]]"),
    (list[m.Cat | m.PlainData], f'[{CAT}, {{"s": "a", "n": 1}}]'),
    (list[m.Cat | m.OtherCat], f"[{CAT}]"),
    (list[m.HalfAtomic], f'[{{"toys": ["a", "b"], "name": "R", "kind": "dog"}}, {CAT}]'),
    (list[m.Opaque], '[{"n": 1}]'),
    (m.MarkedList, ('{"many": [{"text": "t", "number": 1, "whole": "w", "items": [{"x": 1}]}], '
                   '"one": {"whole": "w", "number": 2}}')),
    (m.Nested, "[1, [2, [3]], []]"),
    (m.Few[int], "[1, 2]"),
]  # fmt: skip

REWRITTEN: list[tuple[Any, str]] = [
    (list[m.PostInitRoot], "[[1, 2], []]"),
    (list[Annotated[dict[int, str], BeforeValidator(m.numbered)]], '[{"x1": "a", "2": "b"}]'),
    (list[Annotated[dict[m.Repr, str], BeforeValidator(lambda v: v)]], '[{"a": "b"}]'),
    (list[Annotated[list[m.Repr], BeforeValidator(lambda v: v)]], '[["a"]]'),
    (list[Annotated[list[tuple[m.Repr, ...]], BeforeValidator(lambda v: v)]], '[[["a"]]]'),
    (list[Annotated[set[Any], BeforeValidator(m.written)]], '[[[1], "a"], ["b"]]'),
    (list[Annotated[set[int], BeforeValidator(m.written)]], '[["1", 2, "3"], []]'),
    (list[m.PostInit], '[{"n": 1, "s": "s"}, {"n": 2}]'),
    (m.Stripped, '{"s": "  AbC  ", "items": [" A", "B "], "by_name": {"a": " C"}}'),
    (list[m.Loud], '["abc", "D"]'),
    (list[m.Bare], '[" abc ", "D"]'),
    (list[m.Repr], '["a", {"b": [1]}]'),
    (list[m.Validated], ('[{"a": "x", "b": 1, "d": {"x": 1}}, '
                        '{"d": {"x": 1}, "c": {"k": 1}, "b": [1, 2], "a": "y"}]')),
    (list[m.AfterModel], '[{"n": 1, "s": "a"}]'),
]  # fmt: skip
"""Validators change, as it closes, what was complete inside, or what was shown of a text."""
