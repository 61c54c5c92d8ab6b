"""Builtin errors of an SDK that its plugin has no name for, and odd values of settings."""

from __future__ import annotations

import math
import struct
import zlib
from contextlib import nullcontext
from typing import Any

import pytest

import partwise
from partwise.provider import TextDelta

START = '{"name": "Jo", '
BUILTIN = [
    KeyError("x"),
    TypeError("y"),
    UnicodeDecodeError("utf-8", b"", 0, 1, ""),
    RecursionError(),
]


class OwnError(ValueError):
    """Of the user's HTTP client, say."""


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError


def unbuildable(*_: Any) -> Any:
    raise KeyError("tools")


def exhausted() -> RuntimeError:
    """The error of a generator in which an iterator has unexpectedly ended."""
    error = RuntimeError("generator raised StopIteration")
    error.__cause__ = StopIteration()
    return error


@pytest.mark.parametrize(
    "raised", [*BUILTIN, EOFError(), zlib.error("header"), struct.error(), exhausted()], ids=repr
)
def test_an_answer_that_the_sdk_can_not_read(play: Any, raised: Exception) -> None:
    error = play([TextDelta(START), raised], mode="json_schema").error
    assert type(error) is partwise.ServerError
    assert error.retryable
    assert error.text == START
    assert error.snapshot.name == "Jo"


@pytest.mark.parametrize("raised", BUILTIN, ids=repr)
def test_a_request_that_the_sdk_can_not_send(play: Any, kit: Any, raised: Exception) -> None:
    outcome = play([kit.Refused(raised)], max_retries=3)
    assert type(outcome.error) is partwise.ConfigurationError
    assert outcome.error.__cause__ is raised
    assert len(outcome.provider.payloads) == 1


def test_a_request_whose_sdk_can_not_be_imported(play: Any, kit: Any) -> None:
    raised = ImportError("cannot import name 'Stream'")
    error = play([kit.Refused(raised)]).error
    assert type(error) is partwise.ConfigurationError
    assert str(error).endswith("can't be imported: ImportError: cannot import name 'Stream'")


def test_a_request_that_can_not_be_built(
    play: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit.Provider, "build_request", unbuildable)
    with pytest.raises(partwise.ConfigurationError, match="KeyError: 'tools'"):
        play([])


@pytest.mark.parametrize("limits", [None, {"timeout": 60}], ids=["", "timeout"])
def test_an_error_of_the_user_s_own_class_survives(
    play: Any, kit: Any, limits: dict[str, Any] | None
) -> None:
    for script in ([TextDelta(START), OwnError()], [kit.Refused(OwnError())]):
        assert type(play(script, mode="json_schema", **(limits or {})).error) is OwnError


def test_an_error_of_the_user_s_chunks_survives() -> None:
    def chunks() -> Any:
        yield START
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        partwise.parse(dict[str, Any], chunks()).result()


def test_a_depth_beyond_what_can_be_read_and_no_bound_of_characters() -> None:
    assert partwise.parse(int, "1", limits=partwise.Limits(characters=None)).result() == 1
    with pytest.raises(partwise.ConfigurationError, match="depth must be from 1 to 200, not 201"):
        partwise.Limits(depth=201)


HUGE = 10**5000
ODD: list[Any] = [math.nan, -math.inf, -1, HUGE, b"x", "x", [1], {1: 2}, object(), Unshowable()]


ACCEPTED = (
    ("timeout", HUGE),
    ("idle_timeout", HUGE),
    ("token_budget", HUGE),
    ("max_retries", HUGE),
    ("model", "x"),
)


@pytest.mark.parametrize(
    "name",
    [
        "timeout",
        "idle_timeout",
        "token_budget",
        "max_retries",
        "hooks",
        "limits",
        "strict",
        "resume",
        "on_restart",
        "mode",
        "model",
    ],
)
@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_an_odd_value_of_a_setting(sync: Any, name: str, value: Any) -> None:
    is_accepted = any(name == each and value is odd for each, odd in ACCEPTED)
    with (
        sync.client([]) as client,
        nullcontext() if is_accepted else pytest.raises(partwise.ConfigurationError) as caught,
    ):
        client.create_partial(dict[str, str], "Who?", **{name: value})
    assert caught is None or len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", ["depth", "digits", "characters", "errors"])
@pytest.mark.parametrize(
    "value", [*ODD[:3], *ODD[4:], True], ids=lambda value: type(value).__name__
)
def test_an_odd_limit(name: str, value: Any) -> None:
    with pytest.raises(partwise.ConfigurationError, match=name) as caught:
        partwise.Limits(**{name: value})
    assert isinstance(caught.value, ValueError)
