from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, PostgresDsn, field_validator

import partwise
from partwise_fake import UnsatisfiableError


class User(BaseModel):
    name: str
    age: int
    tags: list[str]


ASK: dict[str, Any] = {
    "response_model": User,
    "messages": [{"role": "user", "content": "Who?"}],
    "max_retries": 0,
}


def answer(model: str = "fake/ada", **options: Any) -> User:
    with partwise.from_provider(model, **{"pace": 0, **options}) as client:
        user = client.create(**ASK)
    assert type(user) is User
    return user


def test_a_seed_has_one_answer() -> None:
    assert answer() == answer() == answer("fake/bob", seed="ada")
    assert answer("fake/7") == answer(seed=7)
    assert len({repr(answer(f"fake/{word}")) for word in range(20)}) == 20


@pytest.mark.parametrize("mode", ["tools", "json_schema"])
def test_it_is_streamed_in_deltas_of_that_size(mode: str) -> None:
    with partwise.from_provider("fake/ada", mode=mode, pace=0, delta=3) as client:
        stream = client.create_partial(**ASK)
        texts = [stream.text for _ in stream]

    assert texts[0] == '{"n'
    assert texts[1] == '{"name'
    assert stream.finish_reason == ("tool_calls" if mode == "tools" else "stop")
    assert stream.usage is not None
    assert stream.usage.output_tokens == -(-len(stream.text) // 3)


def test_it_is_streamed_at_that_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("partwise_fake._provider.time.sleep", slept.append)

    with partwise.from_provider("fake/ada", pace=0.25) as client:
        shown = list(client.create_partial(**ASK))

    assert set(slept) == {0.25}
    assert len(slept) == len(shown) - 1


async def test_the_same_for_asyncio() -> None:
    async with partwise.from_provider("fake/ada", async_client=True, pace=0) as client:
        stream = client.create_partial(**ASK)
        shown = [snapshot async for snapshot in stream]

    assert shown[-1] == answer()
    assert len(shown) > 5


def test_one_call_may_say_otherwise() -> None:
    with partwise.from_provider("fake/ada", pace=0) as client:
        assert client.create(**ASK, seed="bob") == answer("fake/bob")
        assert client.create(**ASK, model="bob") == answer("fake/bob")


@pytest.mark.parametrize("response_model", [list[User], int, User | None, dict[str, User]])
def test_any_type(response_model: Any) -> None:
    with partwise.from_provider("fake/ada", pace=0) as client:
        client.create(**ASK | {"response_model": response_model})


def test_a_validator_that_rejects_is_named_and_another_answer_may_pass() -> None:
    class Adult(User):
        @field_validator("age")
        @classmethod
        def _is_even(cls, age: int) -> int:
            if age % 2:
                raise ValueError("an even age, please")
            return age

    class Never(User):
        @field_validator("age")
        @classmethod
        def _never(cls, age: int) -> int:
            raise ValueError("never an age")

    with partwise.from_provider("fake/ada", pace=0) as client:
        assert client.create(**ASK | {"response_model": Adult, "max_retries": 30}).age % 2 == 0
        with pytest.raises(partwise.InvalidOutputError, match="never an age") as caught:
            client.create(**ASK | {"response_model": Never})

    assert caught.value.errors()[0]["loc"] == ("age",)


def test_a_type_that_can_not_be_made_up_is_told_at_once() -> None:
    with (
        partwise.from_provider("fake/ada") as client,
        pytest.raises(UnsatisfiableError, match="no multi-host-uri can be made up"),
    ):
        client.create_partial(**ASK | {"response_model": PostgresDsn})


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"pace": -1}, "pace must be seconds"),
        ({"pace": "slow"}, "pace must be seconds"),
        ({"delta": 0}, "delta must be characters"),
        ({"delta": 1.5}, "delta must be characters"),
        ({"temperature": 1}, "fake has no option temperature; it has seed, pace, delta"),
    ],
)
def test_options_that_can_not_be(options: dict[str, Any], told: str) -> None:
    with pytest.raises(partwise.ConfigurationError, match=told):
        partwise.from_provider("fake/ada", **options)
    with (
        partwise.from_provider("fake/ada") as client,
        pytest.raises(partwise.ConfigurationError, match=told),
    ):
        client.create(**ASK, **options)
