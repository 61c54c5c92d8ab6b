"""Keys are masked in an error, in whatever led to it, and nothing else is touched."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from partwise._providers.redaction import Secrets
from partwise._providers.spellings import SecretTexts
from partwise.provider import ConfigurationError, Mode, ProviderConfig, Request

KEY = "this-must-not-be-shown-5f2d"


class Detail(BaseModel, extra="allow"):
    reason: str


@pytest.fixture
def secrets() -> Secrets:
    secrets = Secrets()
    secrets.add(KEY, None, 7, "short")
    return secrets


def test_the_whole_chain_and_each_of_a_group(secrets: Secrets) -> None:
    cause, beside = LookupError(f"no {KEY}"), OSError(f"{KEY} again")
    error = ExceptionGroup("several", [ValueError(KEY), cause])
    error.__cause__, cause.__context__, beside.__context__ = cause, beside, error
    secrets.mask(error)
    shown = [str(each) for each in (*error.exceptions, cause, beside)]
    assert shown == ["***", "no ***", "no ***", "*** again"]


def test_what_an_error_carries(secrets: Secrets) -> None:
    error = ValueError("wrong key")
    kept = {"code": [401]}
    error.body, error.kept = {"message": [(f"{KEY}!",)], "code": 401}, kept  # type: ignore[attr-defined]
    error.detail = Detail(reason=KEY, more=KEY)  # type: ignore[attr-defined, call-arg]
    error.add_note(f"for {KEY}")
    secrets.mask(error)
    assert vars(error) == {
        "body": {"message": [("***!",)], "code": 401},
        "kept": kept,
        "detail": Detail(reason="***", more="***"),  # type: ignore[call-arg]
        "__notes__": ["for ***"],
    }
    assert vars(error)["kept"] is kept


@pytest.mark.parametrize("body", [str, str.encode])
def test_a_request_for_a_token_is_masked(body: Any, secrets: Secrets) -> None:
    class PreparedRequest:
        def __init__(self) -> None:
            self.body = body("grant_type=refresh_token&refresh_token=not-to%2Fbe-shown")

    error: Any = ConnectionError("no connection for not-to/be-shown")
    error.request = PreparedRequest()
    secrets.mask(error)
    assert str(error) == "no connection for ***"
    assert error.request.body == body("grant_type=refresh_token&refresh_token=***")


def test_words_are_no_secrets(secrets: Secrets) -> None:
    error = ValueError("a short message")
    secrets.mask(error)
    assert str(error) == "a short message"
    assert "short" not in repr(secrets)


def test_a_large_prompt_full_of_escapes_is_masked_in_little_work(
    secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The places of a secret are searched for only in a text that has the secret in it."""
    searched: list[str] = []
    spans = SecretTexts._spans

    def counted(texts: SecretTexts, text: str) -> Any:
        searched.append(text)
        return spans(texts, text)

    monkeypatch.setattr(SecretTexts, "_spans", counted)
    text = '{"a": "\\u00e9 100%25"} ' * 1000
    assert secrets.masked(text) is text
    assert not searched
    escaped = "".join(f"\\u{ord(char):04x}" for char in KEY)
    assert secrets.masked(escaped) == "***"
    assert searched == [escaped]


def test_a_request_of_partwise_s_own_is_masked_as_any_value() -> None:
    secrets = Secrets()
    secrets.add_options({"extra_query": {"team": "not-to-be-shown"}})
    request = Request(
        model="m",
        mode=Mode.TOOLS,
        messages=[],
        schema={},
        name="a",
        options={"extra_query": {"team": "not-to-be-shown"}},
    )
    assert secrets.masked_payload({"request": request})["request"].options == {
        "extra_query": {"team": "***"}
    }
    assert request.options["extra_query"] == {"team": "not-to-be-shown"}


@pytest.mark.parametrize("key", [lambda: "a key", b"a key", 5])
def test_a_key_that_is_no_text(key: Any) -> None:
    with pytest.raises(ConfigurationError, match="must be a text, got a value of type "):
        ProviderConfig(name="n", api_key=key)
