"""`parse` and `aparse`: the same streams over text from anywhere."""

from __future__ import annotations

import asyncio
import tracemalloc
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    RootModel,
    ValidationInfo,
    field_validator,
    model_validator,
)

import partwise

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class Word(BaseModel):
    word: str


TEXT = '{"word": "Größe 🎉"}'


@pytest.fixture(params=["parse", "aparse", "aparse async"])
def parsed(request: pytest.FixtureRequest) -> Any:
    """All snapshots of a text, by each way to parse it."""

    async def slowly(chunks: Any) -> AsyncIterator[Any]:
        for chunk in chunks:
            yield chunk

    async def collect(chunks: Any, keywords: Any) -> list[Any]:
        source = slowly(chunks) if request.param == "aparse async" else chunks
        return [each async for each in partwise.aparse(Word, source, **keywords)]

    def parsed(chunks: Any, **keywords: Any) -> list[Any]:
        if request.param == "parse":
            return list(partwise.parse(Word, chunks, **keywords))
        return asyncio.run(collect(chunks, keywords))

    return parsed


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("as_bytes", [True, False])
def test_however_it_is_cut(parsed: Any, size: int, as_bytes: bool) -> None:
    text: Any = TEXT.encode() if as_bytes else TEXT
    snapshots = parsed([text[i : i + size] for i in range(0, len(text), size)])
    assert snapshots[-1] == Word(word="Größe 🎉")
    assert all("Größe 🎉".startswith(each.word or "") for each in snapshots)


@pytest.mark.parametrize("text", [TEXT, TEXT.encode()])
def test_the_whole_text_at_once(text: Any) -> None:
    assert partwise.parse(Word, text).result() == Word(word="Größe 🎉")
    assert asyncio.run(partwise.aparse(Word, text).result()) == Word(word="Größe 🎉")


@pytest.mark.parametrize("cut", [3, 12, 20])
def test_bytes_that_are_not_utf_8(parsed: Any, cut: int) -> None:
    data = b'{"word":\n "Gr\xc3\xb6\xff"}'
    with pytest.raises(partwise.MalformedOutputError, match="is not UTF-8") as caught:
        parsed([data[:cut], data[cut:]])
    assert (caught.value.line, caught.value.column, caught.value.position) == (2, 6, 14)
    assert caught.value.excerpt.splitlines()[0].endswith('"Grö')


@pytest.mark.parametrize("lines", [1, 700])
@pytest.mark.parametrize("size", [1, 4, 10_000])
def test_bytes_that_are_not_utf_8_late_in_a_long_answer(parsed: Any, lines: int, size: int) -> None:
    before = "\n" * (lines - 1) + '{"word": "' + "ö" * 2_500
    data = before.encode() + b"\xff"
    with pytest.raises(partwise.MalformedOutputError, match="is not UTF-8") as caught:
        parsed([data[i : i + size] for i in range(0, len(data), size)])
    place = caught.value.line, caught.value.column, caught.value.position
    assert place == (lines, 2_511, len(before))
    assert caught.value.excerpt == f"    {'ö' * 40}\n    {' ' * 40}^"


def test_an_answer_in_bytes_is_in_memory_as_often_as_one_in_text() -> None:
    text = f'{{"word": "{"x" * 100_000}"}}'

    def peak(answer: Any) -> int:
        tracemalloc.start()
        partwise.parse(Word, (answer[i : i + 4] for i in range(0, len(answer), 4))).result()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(text)  # what is compiled on the way is no part of the answer
    assert peak(text.encode()) < peak(text) + 2 * len(text)


def test_bytes_that_end_inside_a_character(parsed: Any) -> None:
    data = TEXT.encode()
    with pytest.raises(partwise.IncompleteOutputError, match="inside a character"):
        parsed([data[: data.index("ö".encode()) + 1]])


def test_text_that_is_cut_off(parsed: Any) -> None:
    with pytest.raises(partwise.IncompleteOutputError) as caught:
        parsed([TEXT[:15]])
    assert caught.value.snapshot.word == TEXT[10:15]


def test_prose_fails_at_once_unless_it_is_allowed(parsed: Any) -> None:
    read: list[int] = []

    def chunks() -> Iterator[str]:
        for number, chunk in enumerate(["Here: ", TEXT, " Good luck!"]):
            read.append(number)
            yield chunk

    with pytest.raises(partwise.MalformedOutputError):
        parsed(chunks())
    assert read == [0]
    assert parsed(chunks(), lenient=True)[-1] == Word(word="Größe 🎉")


def test_context_strict_and_limits_reach_where_they_belong() -> None:
    class Titled(BaseModel):
        word: str

        @field_validator("word")
        @classmethod
        def _titled(cls, value: str, info: ValidationInfo) -> str:
            return f"{info.context} {value}"

    assert partwise.parse(Titled, '{"word": "Jo"}', context="Dr").result().word == "Dr Jo"
    assert partwise.parse(list[int], '["1"]').result() == [1]
    with pytest.raises(partwise.InvalidOutputError):
        partwise.parse(list[int], '["1"]', strict=True).result()
    with pytest.raises(partwise.MalformedOutputError):
        partwise.parse(list[list[int]], "[[1]]", limits=partwise.Limits(depth=1)).result()


@pytest.mark.parametrize(
    ("model", "text", "value"),
    [(int, "25", 25), (str, '"x"', "x"), (list[int], "[1]", [1]), (bool | None, "null", None)],
)
def test_any_root(model: Any, text: str, value: Any) -> None:
    assert partwise.parse(model, text).result() == value


def test_the_source_stays_the_caller_s() -> None:
    closed: list[bool] = []

    def chunks() -> Iterator[str]:
        try:
            yield from TEXT
        finally:
            closed.append(True)

    source = chunks()
    for _ in partwise.parse(Word, source):
        break
    assert not closed
    assert "".join(source) == TEXT[1:]


def test_an_error_of_the_source_passes_through() -> None:
    def chunks() -> Iterator[str]:
        yield TEXT[:5]
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        partwise.parse(Word, chunks()).result()


def test_there_is_nothing_to_retry() -> None:
    stream = partwise.parse(Word, '{"word": 1}')
    with pytest.raises(partwise.InvalidOutputError):
        stream.result()
    assert stream.attempt == 1


def test_text_deltas_are_what_was_written_though_a_validator_rewrites_it() -> None:
    class Note(BaseModel):
        text: Annotated[str, AfterValidator(lambda text: text.replace("some", "no"))]

    chunks = ['{"text": "some', 'thing"}']
    assert [*partwise.parse(Note, chunks).text_deltas("text")] == ["some", "thing"]
    assert partwise.parse(Note, chunks).result() == Note(text="nothing")


class Mixed(BaseModel):
    name: str
    number: int = 0
    listed: RootModel[Annotated[list[int], BeforeValidator(lambda numbers: [*numbers, 9])]]
    chosen: set[int] = set()
    pair: tuple[int, str] = (0, "")
    inner: Word | None = None
    nothing: list[int] | None = None


MIXED = (
    '{"name": "ab", "number": 1, "listed": [1, 2], "chosen": [5], "pair": [3, "x"],'
    ' "inner": {"word": "y"}, "nothing": null}'
)


@pytest.mark.parametrize(
    ("path", "elements"),
    [
        ("listed", [1, 2, 9]),
        ("chosen", [5]),
        ("pair", [3, "x"]),
        ("nothing", []),
    ],
)
def test_the_elements_of_what_shows_as_a_whole(path: str, elements: list[Any]) -> None:
    assert [*partwise.parse(Mixed, [*MIXED]).elements(path)] == elements


@pytest.mark.parametrize("path", ["name", "number", "inner.word"])
def test_a_scalar_has_no_elements(path: str) -> None:
    with pytest.raises(TypeError, match=f"no elements at {path}: it holds (str|int)"):
        [*partwise.parse(Mixed, [*MIXED]).elements(path)]


@pytest.mark.parametrize("quiet", [StopIteration, StopAsyncIteration])
@pytest.mark.parametrize("early", [True, False])
def test_no_validator_can_end_a_stream_in_silence(quiet: type[Exception], early: bool) -> None:
    def stop(_: Any) -> Any:
        raise quiet("mine")

    check = stop if early else int

    class Inner(BaseModel):
        n: Annotated[int, AfterValidator(check)]

    class Outer(BaseModel):
        inner: Inner
        last: int = 0

        @model_validator(mode="after")
        def _stop(self) -> Any:
            return stop(self)

    text = '{"inner": {"n": 1}, "last": 2}'
    with pytest.raises(quiet):
        Outer.model_validate_json(text)
    with pytest.raises(RuntimeError, match=f"a validator raised {quiet.__name__}") as raised:
        for _ in partwise.parse(Outer, [*text]):
            pass
    assert isinstance(raised.value.__cause__, quiet)

    async def read() -> None:
        async for _ in partwise.aparse(Outer, [*text]):
            pass

    with pytest.raises(RuntimeError, match=f"a validator raised {quiet.__name__}"):
        asyncio.run(read())


@pytest.mark.parametrize("take", [list, lambda stream: [next(stream) for _ in range(100)]])
def test_a_validator_may_close_the_stream_that_runs_it(take: Any) -> None:
    class Closing(BaseModel):
        word: str

        @field_validator("word")
        @classmethod
        def close(cls, word: str) -> str:
            stream.close()
            returned.append(word)
            return word

    returned: list[str] = []
    rest = iter('{"word": "Größe", "more": "is never read"}')
    stream = partwise.parse(Closing, rest)
    with pytest.raises(partwise.IncompleteOutputError, match="closed before"):
        take(stream)
    assert returned == ["Größe"]
    assert "".join(rest) == ', "more": "is never read"}'


class Cat(BaseModel):
    lives: int
    kind: Literal["cat"]


class Dog(BaseModel):
    tricks: int
    kind: Literal["dog"]


def test_the_text_may_be_asked_for_while_it_is_read() -> None:
    """A validator does so here; a throttled view's reader does it in another thread."""
    texts = []

    def look(number: int) -> int:
        texts.append(stream.text)
        return number

    class Pets(BaseModel):
        number: Annotated[int, AfterValidator(look)]
        pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]]

    chunks = [
        '{"number": 1, "pets": [{"li',
        'ves": 9, "kind": "cat"}, {"tricks": 2, "kind": "dog"}]}',
    ]
    stream = partwise.parse(Pets, chunks)
    pets = stream.result().pets
    assert pets == [Cat(lives=9, kind="cat"), Dog(tricks=2, kind="dog")]
    assert texts[0] == chunks[0]
    assert stream.text == "".join(chunks)
