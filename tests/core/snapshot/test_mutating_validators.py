"""Validators that change in place whatever they get: the snapshots handed out stay as they were."""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    RootModel,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic.dataclasses import dataclass

from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder

from .cases import Case, case_of
from .registry import TYPES, Row, fields, several
from .values import at, frozen, places, same
from .writing import texts

if TYPE_CHECKING:
    from collections.abc import Callable


def meddle(value: Any) -> Any:
    """Change every container inside, and the value itself if it can be."""
    if isinstance(value, BaseModel):
        for inside in (vars(value), value.__pydantic_extra__ or {}):
            meddle([*inside.values()])
        if value.__pydantic_extra__:
            value.__pydantic_extra__.popitem()
        value.model_fields_set.clear()
    elif dataclasses.is_dataclass(value):
        meddle([getattr(value, field.name, None) for field in dataclasses.fields(value)])
    elif isinstance(value, dict):
        meddle([*value.values()])
        value["meddled"] = len(value)
    elif isinstance(value, list | deque):
        for inside in value:
            meddle(inside)
        value.append("meddled")
        value.reverse()
    elif isinstance(value, tuple):
        meddle([*value])
    elif isinstance(value, set):
        value.add("meddled")
    return value


def meddle_beside(value: Any, info: ValidationInfo) -> Any:
    meddle(info.data)
    return meddle(value)


def meddle_with(data: dict[str, Any]) -> int:
    meddle(data)
    return 1


class AfterModel(BaseModel):
    @model_validator(mode="after")
    def _after(self) -> Any:
        return meddle(self)


class PostInit(BaseModel):
    _seen: list[Any] = PrivateAttr(default_factory=list)

    def model_post_init(self, context: Any, /) -> None:
        meddle(self)
        self._seen.append(1)


class Plain(BaseModel):
    pass


BASES = [AfterModel, PostInit, Plain]
VALIDATORS = [AfterValidator(meddle), AfterValidator(meddle_beside)]


def meddled(row: Row) -> st.SearchStrategy[Row]:
    """The type with a meddler around it."""
    validated = [(Annotated[row.type, validator], row.values) for validator in VALIDATORS]
    listed: Any = list[row.type]  # type: ignore[name-defined]
    inside = [
        (listed, several(row.values)),
        (Annotated[listed, VALIDATORS[0]], several(row.values)),
        (RootModel[listed], several(row.values)),
    ]
    return st.sampled_from([*validated, *inside]).map(
        lambda pair: dataclasses.replace(row, type=pair[0], values=pair[1])
    )


@st.composite
def meddling_models(draw: st.DrawFn, rows: st.SearchStrategy[Row]) -> Row:
    inner = draw(st.lists(rows, min_size=1, max_size=3))
    declared: dict[str, Any] = {f"f{i}": (row.type, ...) for i, row in enumerate(inner)}
    if draw(st.booleans()):
        declared["made"] = (list[int], [1, 2])
    if draw(st.booleans()):
        declared["derived"] = (int, Field(default_factory=meddle_with))
    model = create_model("Meddling", __base__=draw(st.sampled_from(BASES)), **declared)
    values = fields({}, **{f"f{i}": row.values for i, row in enumerate(inner)})
    return Row("", "a meddling model", model, values, frozenset(), rewrites=True, whole=True)


_any_row = st.sampled_from(TYPES)
_meddling = meddling_models(_any_row | _any_row.flatmap(meddled))
rows = meddling_models(_meddling | _meddling.flatmap(meddled))


@st.composite
def meddling_cases(draw: st.DrawFn) -> Case:
    row = draw(rows)
    return case_of(row, draw(texts(draw(row.values))))


@given(meddling_cases())
def test_a_snapshot_never_changes(case: Case) -> None:
    handed_out = [(snapshot, frozen(snapshot)) for snapshot, _ in case.stream()]
    for snapshot, then in handed_out:
        assert frozen(snapshot) == then


@given(meddling_cases())
def test_the_last_is_what_pydantic_gives(case: Case) -> None:
    *_, (_, builder) = case.stream()
    assert same(builder.close(), case.final)


class Leaf(BaseModel):
    n: int
    tags: list[str] = []


def untouched(value: Any) -> Any:
    assert repr(value)
    return value


class Looking(BaseModel):
    """Its validators look at everything and change nothing."""

    leaves: Annotated[list[Leaf], AfterValidator(untouched)]
    by_name: dict[str, Leaf]
    pair: tuple[Leaf, ...]
    n: Annotated[int, AfterValidator(lambda n, info: n + 0 * len(repr(info.data)))]

    @model_validator(mode="after")
    def _after(self) -> Any:
        return untouched(self)

    def model_post_init(self, context: Any, /) -> None:
        untouched(self)


class Holder(BaseModel):
    looking: Looking


TEXT = (
    '{"looking":{"leaves":[{"n":1,"tags":["a","b"]},{"n":2}],"by_name":{"a":{"n":3,"tags":["c"]}},'
    '"pair":[{"n":4}],"n":1}}'
)


def test_what_validators_leave_alone_stays_the_same_object() -> None:
    builder = SnapshotBuilder(compile_plan(Holder))
    complete: dict[Any, Any] = {}
    for character in TEXT:
        builder.feed(character)
        snapshot = builder.snapshot()
        for path, value in complete.items():
            assert at(snapshot, path) is value
        inside = [pair for pair in places(snapshot) if len(pair[0]) > 2]
        complete |= {p: value for p, value in inside if builder.state(_path(p)) == "complete"}
    assert len(complete) > 12


def _path(path: tuple[Any, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]


class Sibling(BaseModel):
    model_config = ConfigDict(extra="allow")
    leaves: list[Leaf]
    n: int

    @field_validator("n")
    @classmethod
    def _change(cls, value: int, info: ValidationInfo) -> int:
        info.data["leaves"].append(Leaf(n=value))
        return value


class SiblingHolder(BaseModel):
    sibling: Sibling


def test_what_a_validator_changes_beside_its_field_is_changed_as_in_the_end() -> None:
    builder = SnapshotBuilder(compile_plan(SiblingHolder))
    builder.feed('{"sibling":{"leaves":[{"n":1}],"n":2')
    before: Any = builder.snapshot()
    builder.feed(',"m":3')
    after: Any = builder.snapshot()
    assert before.sibling.leaves == [Leaf(n=1)]
    assert after.sibling.leaves == [Leaf(n=1), Leaf(n=2)]
    assert after.sibling.leaves[0] is before.sibling.leaves[0]
    builder.feed("}}")
    shown = builder.snapshot()
    assert same(builder.close().sibling, shown.sibling)


class Changed(BaseModel):
    leaves: list[Leaf]
    kept: list[Leaf]

    @model_validator(mode="after")
    def _after(self) -> Any:
        self.leaves[0].tags.append("new")
        return self


class ChangedHolder(BaseModel):
    changed: Changed


def test_only_what_was_changed_is_another_object() -> None:
    builder = SnapshotBuilder(compile_plan(ChangedHolder))
    text = '{"changed":{"leaves":[{"n":1,"tags":["a"]},{"n":2}],"kept":[{"n":3}]}}'
    builder.feed(text[:-2])
    before: Any = builder.snapshot()
    builder.feed(text[-2:])
    after: Any = builder.snapshot()
    assert before.changed.leaves[0].tags == ["a"]
    assert after.changed.leaves[0].tags == ["a", "new"]
    assert after.changed.leaves[1] is before.changed.leaves[1]
    assert after.changed.kept is before.changed.kept


class Part(BaseModel):
    name: str
    whole: Any = None


class Cyclic(BaseModel):
    parts: list[Part]

    @model_validator(mode="after")
    def _after(self) -> Any:
        for part in self.parts:
            part.whole = self
        return self


def test_what_is_made_to_lead_back_to_itself_does_not_hang() -> None:
    builder = SnapshotBuilder(compile_plan(list[Cyclic]))
    builder.feed('[{"parts":[{"name":"a"}')
    before: Any = builder.snapshot()
    builder.feed("]}")
    (cyclic,) = builder.snapshot()
    assert cyclic.parts[0].whole is cyclic
    assert before[0].parts[0].whole is None


@dataclass
class Slotted:
    n: int
    items: list[int]

    def __post_init__(self) -> None:
        self.items.append(self.n)


@dataclasses.dataclass(slots=True)
class StandardSlotted:
    items: list[int]


class Named(NamedTuple):
    items: list[int]


@pytest.mark.parametrize(
    ("kind", "text", "change"),
    [
        (Slotted, '{"n":7,"items":[1]}', lambda v: v),
        (StandardSlotted, '{"items":[1]}', lambda v: v.items.append(7)),
        (Named, "[[1]]", lambda v: v.items.append(7)),
        (tuple[list[int], ...], "[[1]]", lambda v: v[0].append(7)),
        (set[int], "[1]", lambda v: v.add(7)),
        (deque[list[int]], "[[1]]", lambda v: v[0].append(7)),
    ],
)  # fmt: skip
def test_containers_of_each_kind(kind: Any, text: str, change: Callable[[Any], Any]) -> None:
    def check(values: list[Any]) -> list[Any]:
        for value in values:
            change(value)
        return values

    holder = create_model("Holder", field=(Annotated[list[kind], AfterValidator(check)], ...))
    builder = SnapshotBuilder(compile_plan(holder))
    handed_out = []
    for character in f'{{"field":[{text},{text}]}}':
        builder.feed(character)
        handed_out.append((builder.snapshot(), frozen(builder.snapshot())))
    for snapshot, then in handed_out:
        assert frozen(snapshot) == then
    assert same(builder.close().field, handed_out[-1][0].field)
