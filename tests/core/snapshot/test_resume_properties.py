"""An answer that was cut anywhere and is gone on with is the answer that was never cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from partwise._errors import IncompleteOutputError
from partwise._json.splice import Splicer, anchor_of
from partwise._plan.plan import compile_plan
from partwise._session.answer_schema import envelope_of
from partwise._snapshot.builder import SnapshotBuilder

from .cases import Case, cases
from .values import frozen, same
from .writing import pieces

BARE_LEADS = ["", " ", "\n\n", "```json\n"]
LEADS = [*BARE_LEADS, "Here is the rest:\n\n", "Of course.\n\n```json\n"]
TAILS = ["", "\n", "\n```", "\n```\nThat was the rest."]


def asked(case: Case) -> tuple[SnapshotBuilder, str]:
    """A builder for the case as a vendor is asked for it, in an object; and the text."""
    plan = compile_plan(case.type)
    key = envelope_of(plan)
    text = f'{{"{key}": {case.text}}}' if key else case.text
    return SnapshotBuilder(plan, envelope=key), text


@st.composite
def repeats(draw: st.DrawFn, text: str, *, in_string: bool) -> str:
    """So much of the text's end as a model may repeat."""
    text = text if in_string else text.rstrip()
    least = len(anchor_of(text, in_string=in_string))
    size = draw(st.one_of(st.just(least), st.just(len(text)), st.integers(least, len(text))))
    if not in_string and draw(st.booleans()):
        return ""
    return text[len(text) - size :]


@given(cases(), st.data())
def test_what_is_gone_on_with_is_what_was_never_cut(case: Case, data: st.DataObject) -> None:
    builder, text = asked(case)
    uncut, _ = asked(case)
    cut = data.draw(st.integers(1, len(text) - 1), "cut")
    builder.feed(text[:cut])
    assume(builder.resumable)
    shown = builder.snapshot()

    kept = builder.rewind()
    assert text.startswith(kept)
    assert builder.snapshot() is shown
    builder.keep_rest()
    uncut.keep_rest()
    in_string = builder.parser.in_string
    splicer = Splicer(kept, in_string=in_string)
    repeated = data.draw(repeats(kept, in_string=in_string), "repeated")
    rest = text[len(kept) :]
    assume(repeated or not is_chance(kept, rest))
    lead = data.draw(st.sampled_from(LEADS if repeated else BARE_LEADS), "lead")
    reply = f"{lead}{repeated}{rest}{data.draw(st.sampled_from(TAILS), 'tail')}"

    uncut.feed(kept)
    for piece in data.draw(pieces(reply), "pieces"):
        new = splicer.feed(piece)
        builder.feed(new)
        uncut.feed(new)
        assert frozen(builder.snapshot()) == frozen(uncut.snapshot())
    builder.feed(splicer.close())
    assert builder.text == (text if repeated else kept + rest.lstrip())
    assert same(builder.close(), case.final)


def is_chance(kept: str, rest: str) -> bool:
    """Whether the rest begins as the text ends: nobody could tell."""
    kept, rest = "".join(kept[-200:].split()), "".join(rest.split())
    return any(rest.startswith(kept[-size:]) for size in range(4, len(kept) + 1))


@pytest.mark.parametrize("tail", ["", "\n"])
def test_a_reply_of_one_brace_is_new(tail: str) -> None:
    kept = '{"f1":null,"f0":[1,{"a":[],"b":2}]'
    assert told(kept, "}" + tail, in_string=False) == "}" + tail


@pytest.mark.parametrize("reply", ["\n  :\n  null\n  }", ": null}", " :\nnull\n}"])
def test_a_reply_that_begins_with_a_colon_has_no_prose_before_it(reply: str) -> None:
    kept = '{\n  "f0"\n  :\n  [\n  {\n  \n  }\n  ]\n  ,\n  "f1"'
    for pieces_ in ([reply], list(reply)):
        splicer = Splicer(kept, in_string=False)
        new = "".join(map(splicer.feed, pieces_)) + splicer.close()
        assert json.loads(kept + new) == {"f0": [{}], "f1": None}


@given(cases(), st.data())
def test_what_no_text_can_follow_is_cut_back(case: Case, data: st.DataObject) -> None:
    builder, text = asked(case)
    builder.feed(text[: data.draw(st.integers(1, len(text) - 1), "cut")])
    assume(builder.resumable)
    kept = builder.rewind()
    again, _ = asked(case)
    again.feed(kept)
    assert again.rewind() == kept
    assert frozen(again.snapshot()) == frozen(builder.snapshot())


def told(kept: str, reply: str, *, in_string: bool = True) -> str:
    """What a splicer makes of a reply that comes character by character."""
    splicer = Splicer(kept, in_string=in_string)
    return "".join(map(splicer.feed, reply)) + splicer.close()


NOTE = '{"note": "Water the plants, and feed the cat while we are a'


@pytest.mark.parametrize(
    "reply",
    [
        'way"}',
        'Sure, here it is: way"}',
        "I am sorry, I can't help with that.",
        '{"note": "Something else altogether"}',
        "and on " * 100,
    ],
)
def test_inside_a_string_a_reply_that_repeats_nothing_is_an_error(reply: str) -> None:
    with pytest.raises(IncompleteOutputError, match="does not go on"):
        told(NOTE, reply)


def test_a_little_less_than_the_ending_is_enough_inside_a_string() -> None:
    assert told(NOTE, 'while we are away"}') == 'way"}'
    with pytest.raises(IncompleteOutputError):
        told(NOTE, 'are away"}')


@pytest.mark.parametrize("reply", ["", "\n", "the cat while", "feed the cat"])
def test_a_reply_that_comes_no_further_than_the_text_says_nothing(reply: str) -> None:
    assert told(NOTE, reply) == ""


def test_a_line_break_after_the_repeated_words_is_no_text() -> None:
    assert told(NOTE, f'{NOTE[-48:]}\n way"}}') == ' way"}'
    assert told(NOTE, f'{NOTE[-48:]} \n"}}') == '"}'
    assert told(f"{NOTE} ", f'{NOTE} \nway"}}') == 'way"}'
    with pytest.raises(IncompleteOutputError, match="line break"):
        told(NOTE, f'{NOTE[-48:]}\nway"}}')


@pytest.mark.parametrize(
    ("kept", "reply"),
    [
        ('{"a": {"b": {"c": 1, "d": 2}, ', '"d": 2}, "e": 3}, "f": 4}'),
        ('{"a": {"b": {"c": 1, "d": 2}, ', '"d":2},"e": 3}, "f": 4}'),
        ('[{"a": 1}, {"a": 1}, ', '{"a": 1}, {"a": 2}]'),
        ('{"note": "la la la la la la la la la la la la la la la la la', "la la la la land"),
    ],
)
def test_what_nobody_can_tell_is_an_error(kept: str, reply: str) -> None:
    in_string = kept.startswith('{"note"')
    with pytest.raises(IncompleteOutputError, match="nobody can tell"):
        told(kept, reply, in_string=in_string)


def test_a_little_less_is_enough_where_the_text_can_t_go_on_so() -> None:
    kept = '{"a": {"b": 1, "c": 2}, "d": {"e": 1, "f": 2'
    assert told(kept, '"f": 2, "g": 3}}', in_string=False) == ', "g": 3}}'


def test_a_reply_that_begins_anew_and_comes_no_further_says_nothing() -> None:
    assert told(NOTE, NOTE[:55]) == ""


def test_the_space_that_comes_next_is_kept() -> None:
    assert told('{"note": "Hello', '{"note": "Hello world"}') == ' world"}'
    assert told('{"note": "Hello ', '{"note": "Hello world"}') == 'world"}'


@pytest.mark.parametrize(
    ("kept", "reply", "in_string"),
    [
        ('{"note": "' + "la " * 40, "la " * 15 + 'la la"}', True),
        ('["' + "abcdefghij " * 10, "defghij " + "abcdefghij " * 7 + 'xyz"]', True),
        ("[[" + "[1, 2, 33], " * 9, "[1, 2, 33], " * 5 + "4]]", False),
        ("[" + ",\n    0" * 40 + ",\n    ", "   0,\n    " + "0,\n    " * 60 + "1]", False),
    ],
)
def test_a_text_that_repeats_itself_is_an_error_if_less_may_be_repeated(
    kept: str, reply: str, *, in_string: bool
) -> None:
    with pytest.raises(IncompleteOutputError, match="how much"):
        told(kept, reply, in_string=in_string)


def test_outside_strings_a_reply_that_repeats_nothing_is_taken_as_it_is() -> None:
    assert told("[1, ", "2, 3", in_string=False) == "2, 3"
    splicer = Splicer("[1, ", in_string=False)
    assert splicer.feed('["a",\n"b"]]') == '["a",\n"b"]]'


def test_more_than_the_ending_may_be_repeated() -> None:
    long = '["' + "".join(f"{each} and " for each in range(20))
    assert told(long, f'{long[20:]}xyz"]') == 'xyz"]'
    often = '["one two, one two and one two'
    assert told(often, 'one two, one two and one two three"]') == ' three"]'


def test_the_ending_is_a_few_words() -> None:
    assert anchor_of('{"a": 1,') == '{"a": 1,'
    assert anchor_of(NOTE) == "the plants, and feed the cat while we are a"
    assert anchor_of("x" * 100) == "x" * 48
