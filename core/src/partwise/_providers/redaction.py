"""Credentials masked in errors, in payloads shown to hooks, and in recordings.

Vendors, and proxies before them, have answered a wrong key with a message that repeats it, and
SDKs keep the request with its headers on their exceptions. All of that would go on into logs and
traces. So `Secrets` knows the credentials of one provider, from wherever a user can give them: the
key, options, headers, the address, an SDK's client, an HTTP client, the environment. It masks
these, and whatever looks like a credential, in an error and in all that led to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from pydantic import BaseModel

from .credentials import MAX_DEPTH, in_environment, in_option, in_url, is_message, sent_with
from .spellings import SecretTexts
from .transport_errors import causes

MASK: Final = "***"

_LEAST_CHARS: Final = 8
"""No vendor's key is shorter; shorter texts may be words."""

_LOOKS_SECRET: Final = re.compile(
    r"""
      \b (?: sk | rk | pk | xai | gsk | csk | pplx | hf | fw | nvapi | tgp ) [-_] [\w-]{16,}
    | \b AIza [\w-]{30,}                               # Google's keys
    | \b (?: AKIA | ASIA ) [A-Z0-9]{16} \b             # Amazon's key ids
    | \b ya29 \. [\w.-]{20,}                           # Google's access tokens
    | \b eyJ [\w-]{10,} \. eyJ [\w.-]{10,}             # a JSON web token
    | (?<= [Bb]earer\ ) [\w.~+/=-]{8,}
    | (?<= Signature= ) [0-9a-f]{32,}                  # of AWS, Signature Version 4
    | (?<= Credential= ) \w{16,}
    """,
    re.VERBOSE,
)


_MARK: Final = re.compile(
    r"(?:sk|rk|pk|xai|gsk|csk|pplx|hf|fw|nvapi|tgp)[-_]"
    r"|AIza|AKIA|ASIA|ya29|eyJ|earer |Signature=|ial="
)
"""In every text that `_LOOKS_SECRET` matches, and much faster to search for."""


class Secrets:
    """The credentials of one provider."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._texts: SecretTexts | None = None

    def __repr__(self) -> str:
        return f"<{len(self._known)} secrets>"

    # Gathering --------------------------------------------------------------------------------

    def add(self, *values: Any) -> None:
        """Keep these secret, those of them that are text."""
        new = {value for value in values if isinstance(value, str) and len(value) >= _LEAST_CHARS}
        if not new <= self._known:
            self._known |= new
            self._texts = None

    def add_options(self, options: Mapping[str, Any]) -> None:
        """Keep the credentials in these options of an SDK or of a call.

        They are recognized by their names, in mappings and in objects such as an SDK's client;
        and every header is one, but for those that everybody sends.
        """
        self.add(*(each for name, value in options.items() for each in in_option(name, value)))

    def add_url(self, url: Any) -> None:
        """Keep the password and the query's values of an address."""
        self.add(*in_url(str(url)))

    def add_environment(self) -> None:
        """Keep the credentials in the environment, as their variables' names tell."""
        self.add(*in_environment())

    def add_sent_with(self, error: BaseException) -> None:
        """Keep the credentials in the requests that led to this error."""
        for each in causes(error):
            with suppress(Exception):  # of an SDK whose objects can't be read
                self.add(*sent_with(each))

    # Masking ----------------------------------------------------------------------------------

    def mask(self, error: BaseException) -> None:
        """Mask them in the error, in those that led to it, and in those that it groups."""
        self.add_sent_with(error)
        masking = self._masking(MASK)
        for each in causes(error):
            masking.mask_error(each)

    def masked(self, value: Any, mask: str = MASK) -> Any:
        """The value, without secrets in its texts; the same object if there are none."""
        return self._masking(mask).masked(value)

    def masked_payload(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """A request's payload for others to see: without any header's value, wherever it is."""
        shown: dict[str, Any] = self.masked(_without_headers(dict(payload)))
        return shown

    def are_in(self, text: str) -> bool:
        """Whether a secret is in the text."""
        return bool(self.masked(text) != text)

    def _masking(self, mask: str) -> _Masking:
        if self._texts is None:
            self._texts = SecretTexts(self._known)
        return _Masking(self._texts, mask)


class _Masking:
    """Replaces these texts, and others that look like credentials, in values of any kind."""

    def __init__(self, texts: SecretTexts, mask: str) -> None:
        self._texts = texts
        self._mask = mask

    def mask_error(self, error: BaseException) -> None:
        # Not by the class's own `__setattr__`, which may refuse: a frozen dataclass's does.
        BaseException.args.__set__(error, self.masked(error.args))  # type: ignore[attr-defined]
        own = vars(error)
        for name, value in list(own.items()):
            own[name] = self.masked(value)

    def masked(self, value: Any, depth: int = MAX_DEPTH) -> Any:
        if type(value) is str:
            return self._text(value)
        if type(value) is bytes:
            text = value.decode("utf-8", "surrogateescape")
            masked = self._text(text)
            return value if masked == text else masked.encode("utf-8", "surrogateescape")
        if not depth:
            return value
        try:
            return self._inside(value, depth - 1)
        except Exception:  # noqa: BLE001 - of a class that can't be read or copied: it is hidden
            return self._mask

    def _inside(self, value: Any, depth: int) -> Any:
        if type(value) is dict:
            return self._dict(value, depth)
        if isinstance(value, (list, tuple)):
            return self._items(value, depth)
        if isinstance(value, BaseModel):
            # Such as the body of an error, in an SDK's exception.
            own = {**vars(value), **(value.model_extra or {})}
            masked = self._dict(own, depth)
            return value if masked is own else value.model_copy(update=masked)
        if is_dataclass(value) and not isinstance(value, type | BaseException):
            return self._dataclass(value, depth)  # partwise's own `Request` too
        if is_message(value):
            self._message(value, depth)
        return value

    def _dataclass(self, value: Any, depth: int) -> Any:
        own = _fields(value)
        masked = self._dict(own, depth)
        return value if masked is own else replace(value, **masked)

    def _dict(self, value: dict[Any, Any], depth: int) -> dict[Any, Any]:
        masked = {self.masked(k, depth): self.masked(v, depth) for k, v in value.items()}
        same = all(new is old for new, old in zip(masked.values(), value.values(), strict=False))
        return value if same and masked.keys() == value.keys() else masked

    def _items(self, value: Any, depth: int) -> Any:
        items = [self.masked(inside, depth) for inside in value]
        if all(new is old for new, old in zip(items, value, strict=True)):
            return value
        return value._make(items) if hasattr(value, "_make") else type(value)(items)

    def _message(self, message: Any, depth: int) -> None:
        """Mask the texts of a request or a response that is over."""
        for name, value in list(getattr(message, "__dict__", {}).items()):
            masked = self.masked(value, depth)
            if masked is not value:
                message.__dict__[name] = masked
        if isinstance(message, dict):
            for name, value in list(message.items()):
                message[name] = self.masked(value, depth)

    def _text(self, text: str) -> str:
        text = self._texts.replaced(text, self._mask)
        return _LOOKS_SECRET.sub(self._mask, text) if _MARK.search(text) else text


# Showing --------------------------------------------------------------------------------------


def _without_headers(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload with the values of all headers masked, as a user may have put a key into any."""
    return {key: _without_header_values(key, value) for key, value in payload.items()}


def _without_header_values(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        if name.lower().endswith("headers"):
            return dict.fromkeys(value, MASK)
        return _without_headers(dict(value))
    if is_dataclass(value) and not isinstance(value, type):
        # A request of partwise's own, as a provider around another one passes it on.
        return replace(value, **_without_headers(_fields(value)))
    return value


def _fields(value: Any) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields(value) if each.init}
