"""The contract of snapshots, point by point, for random models, values and cuts."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticSerializationError

from partwise._errors import IncompleteOutputError, OutputError
from partwise._paths import format_path
from partwise._plan.markers import original_of

from .cases import Case, cases
from .registry import TYPES
from .values import MISSING, at, children, frozen, is_partial, places, same
from .writing import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from partwise._paths import Path
    from partwise._snapshot.builder import SnapshotBuilder

ON_THE_FLY = ("generic with arguments", "generic, recursive")
module_level = [row for row in TYPES if row.name not in ON_THE_FLY]


def models(value: Any) -> Iterator[tuple[Path, Any]]:
    """The models inside."""
    for path, inside in places(value):
        if isinstance(inside, BaseModel) and not inside.__pydantic_root_model__:
            yield path, inside


def state(builder: SnapshotBuilder, path: Path) -> str:
    return builder.state(format_path(path))


# 1. Final


@given(cases())
def test_1_the_last_is_what_pydantic_gives(case: Case) -> None:
    *_, (_, builder) = case.stream()
    final = builder.close()
    assert same(final, case.final)
    assert builder.snapshot() is final
    assert state(builder, ()) == "complete"


@given(cases())
def test_1_a_type_tells_whether_a_value_is_complete(case: Case) -> None:
    for snapshot, builder in case.stream():
        for path, value in models(snapshot):
            final = at(case.final, path)
            assert isinstance(value, type(final))
            if is_partial(value):
                assert original_of(type(value)) is type(final)
            else:
                assert case.rewrites or same(value, final)
                assert state(builder, path) == "complete" or _is_inside_raw(snapshot, path)


def _is_inside_raw(snapshot: Any, path: Path) -> bool:
    """Whether something around it is partial still."""
    return any(is_partial(at(snapshot, path[:depth])) for depth in range(len(path)))


# 2. Atoms


@given(cases())
def test_2_what_is_no_text_appears_complete(case: Case) -> None:
    for snapshot, builder in case.stream():
        for path, value in places(snapshot):
            is_atom = type(value) is not str and not any(children(value))
            if is_atom and not is_partial(value) and state(builder, path) == "complete":
                assert case.rewrites or same(value, at(case.final, path))


@given(cases())
def test_2_scalars_are_never_cut(case: Case) -> None:
    finals = [frozen(value) for _, value in places(case.final)]
    for snapshot, _ in case.stream():
        for _, value in places(snapshot):
            if type(value) in (int, float) and value not in DEFAULTS:
                assert case.rewrites or case.whole or frozen(value) in finals


DEFAULTS = {1, 3, 4, 7, 9, 0.5}
"""Numbers that fields of the registry's models have by default."""


# 3. Monotone


@given(cases())
def test_3_what_is_shown_only_grows(case: Case) -> None:
    before: Any = None
    for snapshot, builder in case.stream():
        for path, old in places(before):
            if before is not None:
                _check_grown(case, builder, path, old, at(snapshot, path))
        before = snapshot


def _check_grown(case: Case, builder: SnapshotBuilder, path: Path, old: Any, new: Any) -> None:
    if old is new or case.rewrites or state(builder, path) == "complete":
        return
    assert new is not MISSING
    assert type(new) is type(old)
    if isinstance(old, str):
        assert new.startswith(old)
    elif isinstance(old, set | frozenset):
        assert old <= new
    else:
        assert len(dict(children(old))) <= len(dict(children(new)))


@given(cases())
def test_3_what_is_complete_never_changes(case: Case) -> None:
    complete: dict[Path, Any] = {}
    for snapshot, builder in case.stream():
        for path, value in complete.items():
            assert case.rewrites or same(at(snapshot, path), value)
        complete |= {p: v for p, v in places(snapshot) if state(builder, p) == "complete"}
    for path, value in complete.items():
        assert case.rewrites or same(at(case.final, path), value)


# 4. Honest


@given(cases())
def test_4_what_has_not_come_is_not_in_fields_set(case: Case) -> None:
    for snapshot, builder in case.stream():
        for path, model in models(snapshot):
            if is_partial(model):
                final = at(case.final, path)
                assert case.rewrites or model.model_fields_set <= final.model_fields_set
                for name in model.model_fields_set:
                    assert state(builder, (*path, name)) != "missing"


@given(cases())
def test_4_what_has_not_come_shows_its_default(case: Case) -> None:
    made: dict[Path, Any] = {}
    for snapshot, _ in case.stream():
        for path, model in models(snapshot):
            if not is_partial(model):
                continue
            original: type[BaseModel] = original_of(type(model))
            for name, info in original.model_fields.items():
                if name in model.model_fields_set:
                    continue
                value = getattr(model, name)
                if info.is_required():
                    assert value is None or _is_empty(value)
                elif not info.default_factory_takes_validated_data:
                    assert same(value, info.get_default(call_default_factory=True))
                assert made.setdefault((*path, name), value) is value


def _is_empty(value: Any) -> bool:
    return is_partial(value) and not getattr(value, "model_fields_set", ())


# 5. State


@given(cases())
def test_5_states_are_those_of_the_values(case: Case) -> None:
    order = {"missing": 0, "partial": 1, "complete": 2}
    before: dict[Path, str] = {}
    paths = [path for path, _ in places(case.final) if path]
    for snapshot, builder in case.stream():
        for path in paths:
            now = state(builder, path)
            assert order[now] >= order[before.get(path, "missing")]
            before[path] = now
            there = at(snapshot, path)
            if now == "complete":
                final = at(case.final, path)
                is_none = final is None and there is MISSING  # what has not come, in a dataclass
                assert case.rewrites or is_none or same(there, final)
            elif now == "missing":
                assert there is MISSING or not isinstance(at(snapshot, path[:-1]), BaseModel)
    builder.close()
    for path in paths:
        assert state(builder, path) == "complete"


# 6. Chunking


@given(cases(), st.data())
def test_6_a_snapshot_depends_on_the_text_alone(case: Case, data: st.DataObject) -> None:
    by_position = [None, *(snapshot for snapshot, _ in case.stream())]
    cut = data.draw(pieces(case.text))
    position = 0
    for (snapshot, _), piece in zip(case.stream(cut), cut, strict=True):
        position += len(piece)
        assert same(snapshot, by_position[position])


@given(cases(), st.data())
def test_6_a_cut_inside_a_surrogate_pair_is_no_cut(case: Case, data: st.DataObject) -> None:
    raw = case.text.encode("utf-16-le")
    units = "".join(
        raw[i : i + 2].decode("utf-16-le", "surrogatepass") for i in range(0, len(raw), 2)
    )
    *_, (snapshot, builder) = case.stream(data.draw(pieces(units)))
    *_, (whole, _) = case.stream([case.text])
    assert same(snapshot, whole)
    assert builder.text == case.text
    assert same(builder.close(), case.final)


# 7. Shared and stable


@given(cases())
def test_7_a_snapshot_never_changes(case: Case) -> None:
    handed_out = [(snapshot, frozen(snapshot)) for snapshot, _ in case.stream()]
    for snapshot, then in handed_out:
        assert frozen(snapshot) == then


@given(cases())
def test_7_what_did_not_change_is_the_same_object(case: Case) -> None:
    before: Any = None
    for snapshot, builder in case.stream():
        for path, old in places(before):
            new = at(snapshot, path)
            if new is not old and any(children(old)) and same(new, old):
                # What was tentative has been validated: equal, and not the same. A dataclass
                # can't tell that what has come is just its default.
                assert (case.whole and state(builder, path) != "missing") or _has_dataclass(old)
        before = snapshot


def _has_dataclass(value: Any) -> bool:
    return any(dataclasses.is_dataclass(inside) for _, inside in places(value))


# 8. Usable


@given(cases())
def test_8_whatever_one_does_with_a_snapshot_works(case: Case) -> None:
    adapter = TypeAdapter(Any)
    try:
        adapter.dump_python(case.final)
        adapter.dump_json(case.final)
    except (TypeError, PydanticSerializationError):  # pydantic can't: a set of models, say
        return
    for snapshot, _ in case.stream():
        assert repr(snapshot) == str(snapshot) or repr(snapshot)
        assert snapshot == copy.copy(snapshot)
        assert same(copy.deepcopy(snapshot), snapshot)
        adapter.dump_python(snapshot)
        adapter.dump_json(snapshot)
        for _, model in models(snapshot):
            model.model_dump()
            model.model_dump(by_alias=True, exclude_unset=True)
            model.model_dump_json()
            assert same(model.model_copy(), model)
            assert model == model.model_copy(deep=True)


@given(st.sampled_from(module_level).flatmap(lambda row: cases([row])))
def test_8_snapshots_pickle(case: Case) -> None:
    for snapshot, _ in case.stream():
        try:
            pickled = pickle.dumps(snapshot)
        except pickle.PicklingError as error:
            # Models made on the fly, of arguments too, have no name to be imported by.
            assert re.search(r"Made|(Box|Node)\[", str(error))  # noqa: PT017
            continue
        assert same(pickle.loads(pickled), snapshot)  # noqa: S301  its own


# 9. Never silent


@given(cases(), st.data())
def test_9_a_cut_answer_is_incomplete(case: Case, data: st.DataObject) -> None:
    length = data.draw(st.integers(0, len(case.text.rstrip()) - 1))
    builder = case.builder()
    builder.feed(case.text[:length])
    last = builder.snapshot()
    if case.text.lstrip()[0] not in '{["':
        return  # the beginning of a number may be one
    with pytest.raises(IncompleteOutputError):
        builder.close()
    assert builder.snapshot() is last


@given(cases(), st.characters(exclude_categories=["Cs"]), st.data())
def test_9_a_spoilt_answer_is_an_error_or_as_pydantic_takes_it(
    case: Case, character: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(case.text)))
    text = case.text[:place] + character + case.text[place + data.draw(st.integers(0, 1)) :]
    builder = case.builder()
    try:
        for piece in data.draw(pieces(text)):
            builder.feed(piece)
        final = builder.close()
    except OutputError:
        last = builder.snapshot()
        assert builder.snapshot() is last
        return
    if not re.search(r"[\x00-\x1f]", text):  # which partwise takes inside strings
        assert same(final, TypeAdapter(case.type).validate_json(builder.text))
