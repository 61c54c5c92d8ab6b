"""Tools and their arguments have names that every vendor takes, and are known by them."""

from __future__ import annotations

import json
import re
from typing import Any, Generic, TypeVar

import pytest
from pydantic import BaseModel, Field, create_model

from partwise.provider import Finish

T = TypeVar("T")

is_name = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}").fullmatch
"""What OpenAI, Anthropic and Google all take: https://ai.google.dev/api/caching#FunctionDeclaration
wants a letter or an underscore first, and no more than 64 characters."""


class Resp(BaseModel, Generic[T]):
    data: T


@pytest.mark.parametrize(
    ("response_model", "name"),
    [
        (Resp[list[int]], "Resp_list_int"),
        (create_model("Größe", data=(list[int], ...)), "Gr_e"),
        (create_model("日本語", data=(list[int], ...)), "answer"),
        (create_model("x" * 200, data=(list[int], ...)), "x" * 64),
        (create_model("3" + "x" * 200, data=(list[int], ...)), "_3" + "x" * 62),
        (create_model("-{}%s", data=(list[int], ...)), "s"),
    ],
    ids=["generic", "unicode", "no letters", "long", "digit", "format"],
)
def test_a_name(play: Any, kit: Any, response_model: Any, name: str) -> None:
    call = kit.call('{"data": [1, 2]}', name=name)
    outcome = play([*call, Finish("tool_calls")], response_model=response_model, mode="tools")
    assert is_name(name)
    assert outcome.provider.payloads[0]["request"].name == name
    assert type(outcome.value) is response_model
    assert outcome.value.data == [1, 2]


@pytest.mark.parametrize("key", ["first name", "größe", "filter[id]", "x" * 65, ""])
def test_keys_that_not_every_vendor_takes_do_not_stand_at_the_root(
    play: Any, kit: Any, key: str
) -> None:
    model = create_model("User", name=(str, Field(alias=key)))
    answer = [*kit.text(json.dumps({"value": {key: "Ada"}})), Finish("stop")]
    outcome = play(answer, response_model=model, mode="json_schema")
    assert [*outcome.provider.payloads[0]["request"].schema["properties"]] == ["value"]
    assert outcome.value == model.model_validate({key: "Ada"})


def test_plain_keys_stand_at_the_root(play: Any, kit: Any) -> None:
    model = create_model("User", name=(str, Field(alias="first.name-1_")))
    answer = [*kit.text('{"first.name-1_": "Ada"}'), Finish("stop")]
    outcome = play(answer, response_model=model, mode="json_schema")
    assert [*outcome.provider.payloads[0]["request"].schema["properties"]] == ["first.name-1_"]
    assert outcome.value == model.model_validate({"first.name-1_": "Ada"})
