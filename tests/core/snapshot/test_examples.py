"""The contract of snapshots for answers written by hand: what the property tests hold, quickly."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from . import test_contract_properties, test_events
from .cases import Case, case_of
from .examples import EXAMPLES, REWRITTEN
from .registry import Row
from .values import frozen, same

CHECKS = [
    test_contract_properties.test_1_the_last_is_what_pydantic_gives,
    test_contract_properties.test_1_a_type_tells_whether_a_value_is_complete,
    test_contract_properties.test_2_what_is_no_text_appears_complete,
    test_contract_properties.test_3_what_is_shown_only_grows,
    test_contract_properties.test_3_what_is_complete_never_changes,
    test_contract_properties.test_4_what_has_not_come_is_not_in_fields_set,
    test_contract_properties.test_4_what_has_not_come_shows_its_default,
    test_contract_properties.test_5_states_are_those_of_the_values,
    test_contract_properties.test_7_a_snapshot_never_changes,
    test_contract_properties.test_7_what_did_not_change_is_the_same_object,
    test_contract_properties.test_8_whatever_one_does_with_a_snapshot_works,
    test_events.test_folding_the_events_gives_the_snapshots,
]
ANSWERS = [(*example, False) for example in EXAMPLES] + [(*each, True) for each in REWRITTEN]


def case(kind: Any, text: str, rewrites: bool) -> Case:
    row = Row("", "", kind, st.nothing(), frozenset(), rewrites, whole=True)
    return case_of(row, text)


cases = pytest.mark.parametrize(
    "case", [case(*answer) for answer in ANSWERS], ids=range(len(ANSWERS))
)


@cases
def test_each_point_holds(case: Case) -> None:
    for check in CHECKS:
        check.hypothesis.inner_test(case)  # type: ignore[attr-defined]


@cases
def test_6_a_snapshot_depends_on_the_text_alone(case: Case) -> None:
    by_position = [frozen(snapshot) for snapshot, _ in case.stream()]
    for step in (2, 5, 17):
        cut = [case.text[start : start + step] for start in range(0, len(case.text), step)]
        for number, (snapshot, _) in enumerate(case.stream(cut)):
            position = min((number + 1) * step, len(case.text))
            assert frozen(snapshot) == by_position[position - 1]
    *_, (snapshot, builder) = case.stream([case.text])
    assert frozen(snapshot) == by_position[-1]
    assert same(builder.close(), case.final)
