"""The next step after a failure that users can mend: the address, and the setting to check.

It is found by the vendors' own words, which differ and change: if no rule fits, there is none.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from .._errors import ProviderConnectionError, ProviderError, ProviderTimeoutError, shown
from .transport_errors import causes, is_tls_failure


@dataclass(frozen=True, slots=True)
class Rule:
    """Advice for the answers of vendors that fit.

    Attributes:
        words: a pattern of the vendor's message.
        advice: the next step; may name the model, and the page that lists the models.
        status: the only HTTP status that is meant; None for any.
        is_final: whether it is meant for errors that waiting does not mend, and for no others.
    """

    words: str
    advice: str
    status: int | None = None
    is_final: bool = False

    def fits(self, error: ProviderError) -> bool:
        """Whether it is the advice for this error."""
        is_meant = self.status in (None, error.status_code)
        if not is_meant or (self.is_final and error.retryable):
            return False
        message = str(error.args[0]) if error.args else ""
        return re.search(self.words, message, re.IGNORECASE | re.DOTALL) is not None


_MODEL: Final = "check the name of the model, {model!r}{listed}"
_MONEY: Final = "waiting does not help: see the plan and the billing of your account"
_KEY: Final = "check the key: api_key=, or the environment variable that it was read from"
_VERIFY: Final = (
    "partwise always streams: verify the organisation in the vendor's settings, or take another "
    "model"
)
_TOO_LONG: Final = (
    r"context.?length|maximum context|context window|prompt is too long|input is too long"
    r"|input token count.{0,60}exceeds|too many (?:input )?tokens"
)
_NO_MODEL: Final = (
    r"model\b.{0,80}(?:does not exist|not found|not exist|not supported for generateContent)"
    r"|(?:unknown|invalid|no such) model\b|model identifier is invalid"
)
_NO_MONEY: Final = (
    r"insufficient.(?:quota|balance|credit)|current quota|billing|credit balance|payment"
)
_ACCESS: Final = "ask for access to this model in this region, in the vendor's console"
_PROFILE: Final = "name an inference profile in its place, as in us.anthropic.claude-…"
_RULES: Final = (
    Rule(r"plain http request|http request.{0,30}https", "begin base_url= with https://"),
    Rule(_TOO_LONG, "shorten the messages, or take a model with a larger context", is_final=True),
    Rule(r"must be verified|verify (?:your )?organi[sz]ation", _VERIFY),
    Rule(r"access to the model", _ACCESS),
    Rule(r"on-demand throughput", _PROFILE),
    Rule(_NO_MONEY, _MONEY, is_final=True),
    Rule("", _MONEY, status=402),
    Rule(r"<!doctype|<html", "a page is there, and no API: check base_url=", is_final=True),
    Rule(_NO_MODEL, _MODEL, is_final=True),
    Rule("", f"{_MODEL}, and base_url= if you gave one", status=404),
    Rule("", _KEY, status=401),
    Rule(r"api.?key.{0,30}(?:not valid|invalid|incorrect)", _KEY, status=400),
)

NO_EVENTS: Final = (
    "the response had no event: it may be a page or a document, and no stream; check base_url="
)
"""What to do about a response that ended without a single event."""

_NO_TLS: Final = re.compile(
    r"wrong.version.number|record layer|http.request|packet length", re.IGNORECASE
)
_MAXIMA: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxTokens")


def advice_for(error: ProviderError, *, model: str, models_url: str | None = None) -> str:
    """The address that a failed connection was to, and what to do about the error; "" if unknown.

    Args:
        error: as a plugin mapped it, with the SDK's exception behind it.
        model: the vendor's name of the model that was asked.
        models_url: the page, or the endpoint, that lists the vendor's models.
    """
    if isinstance(error, ProviderConnectionError | ProviderTimeoutError):
        address = address_of(error)
        known = address is None or address.partition("://")[2] in str(error)
        parts = ("" if known else f"the address was {address}", _about_connection(error))
        return "; ".join(filter(None, parts))
    advice = next((rule.advice for rule in _RULES if rule.fits(error)), "")
    listed = f", which {models_url} lists" if models_url else ""
    return advice.format(model=model, listed=listed)


def longer_answer(options: Mapping[str, Any], *, resumes: bool) -> str:
    """What to do about an answer that reached its maximum length."""
    given = (name for name in _MAXIMA if options.get(name) is not None)
    named = next((f"{name}={shown(options[name])}" for name in given), None)
    limit = f"raise {named}" if named else "pass a larger max_tokens= (it was the vendor's default)"
    return limit if resumes else f"{limit}, or pass resume=True to have the rest"


def address_of(error: BaseException) -> str | None:
    """Scheme, host and port that the failed request was for; None if no exception has them.

    httpx, openai and anthropic have the request, aiohttp host and port, urllib3 its pool, and
    botocore the URL.
    """
    found = (address for each in causes(error) for address in _addresses(each))
    return next(found, None)


def _addresses(error: BaseException) -> Iterator[str]:
    try:
        url: Any = getattr(getattr(error, "request", None), "url", None)
    except RuntimeError:  # httpx's exceptions raise it if they have no request
        url = None
    url = url or getattr(error, "kwargs", {}).get("endpoint_url")
    if url:
        parts = urlsplit(str(url))
        yield f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    holder: Any = getattr(error, "pool", error)
    host, port = getattr(holder, "host", None), getattr(holder, "port", None)
    if isinstance(host, str) and isinstance(port, int):
        yield f"{getattr(holder, 'scheme', 'http')}://{host}:{port}"


def _about_connection(error: ProviderError) -> str:
    found = list(causes(error))
    words = " ".join(map(str, found))
    if is_tls_failure(error):
        if _NO_TLS.search(words):
            return "nothing speaks TLS there: begin base_url= with http://"
        return "its certificate is not trusted here: see verify= of your HTTP client (http_client=)"
    if any(isinstance(each, socket.gaierror) for each in found):
        return "there is no host of that name: check base_url=, and your network"
    if any(isinstance(each, ConnectionRefusedError) for each in found):
        return "nothing listens there: check that the server runs, and base_url="
    return ""
