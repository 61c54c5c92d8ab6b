"""The places in which credentials can be: options, headers, addresses, clients, the environment."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

MAX_DEPTH: Final = 12
"""Levels of nested containers, in options and in exceptions' attributes, that are searched."""

_MAX_ATTRIBUTES: Final = 8
"""Levels of nested objects that are searched: an SDK's client's HTTP client's pool."""

_MAX_FORM_CHARS: Final = 65_536
"""Longer bodies are no requests for a token."""

_CREDENTIAL_NAME: Final = re.compile(
    r"key|token|secret|passw|credential|auth(?!or)|authori[sz]|cookie|signature"
    r"|organi[sz]ation|org_id",
    re.IGNORECASE,
)
_GROUP_NAME: Final = re.compile(r"headers$|cookies$|query$|params$|credentials$|^auth$")
"""Names of options whose values are all treated as credentials."""

_ATTRIBUTES: Final = frozenset({
    "access_key", "admin_api_key", "api_client", "api_key", "async_client", "auth", "auth_header",
    "async_httpx_client", "auth_token", "base_url", "client", "client_secret", "cookies",
    "credentials", "custom_headers", "custom_query", "default_headers", "default_query", "headers",
    "http_options", "httpx_client", "id_token",
    "mounts", "organization", "params", "password", "pool", "proxies", "proxy_auth",
    "proxy_headers", "proxy_url", "refresh_token", "request_signer", "sdk_configuration",
    "secret_key", "security", "server_url", "token", "transport", "webhook_secret",
})  # fmt: skip
"""Attributes of SDKs' and HTTP libraries' clients that hold credentials, or lead to them."""

_HARMLESS_HEADERS: Final = frozenset({
    "accept", "accept-encoding", "accept-language", "amz-sdk-invocation-id", "amz-sdk-request",
    "anthropic-beta", "anthropic-version", "cache-control", "connection", "content-length",
    "content-type", "date", "expect", "host", "retry-after", "server", "transfer-encoding",
    "user-agent", "x-amz-date", "x-goog-api-client", "x-server-timeout",
})  # fmt: skip
_VARIABLE: Final = re.compile(
    r"KEY|TOKEN(?!S)|SECRET|PASSWORD|CREDENTIAL|AUTH(?!OR)|COOKIE|ORG_ID", re.IGNORECASE
)

_HTTP_MESSAGES: Final = frozenset({
    "AWSPreparedRequest", "AWSRequest", "AWSResponse", "CaseInsensitiveDict",
    "CaseInsensitiveMultiDict", "ClientResponse", "Cookies", "HTTPHeaderDict", "HTTPHeaders",
    "HTTPResponse", "Headers", "HeadersDict", "HttpResponse", "ParseResult", "PreparedRequest",
    "Request", "RequestInfo", "Response", "URL",
})  # fmt: skip
"""Classes of HTTP libraries whose objects are one request or response, and no living client."""


def in_environment() -> Iterator[str]:
    """The credentials in the environment, as their variables' names tell."""
    for name, value in os.environ.items():
        if name.endswith("CUSTOM_HEADERS"):
            yield from _in_header_lines(value)
        elif _VARIABLE.search(name) and not os.path.exists(value):  # noqa: PTH110 - any text
            yield value
        elif name.upper().endswith(("_URL", "_ENDPOINT", "_HOST", "_PROXY")):
            yield from _in_address(value)


def in_option(name: str, value: Any, depth: int = MAX_DEPTH) -> Iterator[str]:
    """The credentials in an option, or in an attribute, of that name."""
    if isinstance(value, (str, bytes)):
        yield from _in_text(name, _as_str(value))
    elif not depth or isinstance(value, type) or callable(value):
        return
    elif _GROUP_NAME.search(name) and (items := _items(value)) is not None:
        yield from _in_group(items, depth)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from in_option(name, item, depth - 1)
    elif isinstance(value, Mapping):
        for inner, item in value.items():
            yield from in_option(str(inner), item, depth - 1)
    else:
        yield from _in_object(name, value, min(depth, _MAX_ATTRIBUTES) - 1)


def _in_object(name: str, value: Any, depth: int) -> Iterator[str]:
    for inner, item in list(getattr(value, "__dict__", {}).items()):
        if name == "auth" and isinstance(item, str):  # of a class of the user's, say
            yield from _parts(item)
        elif inner.strip("_") in _ATTRIBUTES:
            yield from in_option(inner.strip("_"), item, depth)


def _items(value: Any) -> list[tuple[str, Any]] | None:
    """The pairs of headers, cookies or a query, of any library; None if it is none of these."""
    is_list = isinstance(value, (list, tuple))
    if not is_list and not isinstance(value, Mapping) and not is_message(value):
        return None
    try:
        return [(_as_str(key), item) for key, item in (value if is_list else value.items())]
    except (AttributeError, TypeError, ValueError):
        return None


def is_message(value: Any) -> bool:
    """Whether it is a part of one request or response, and no living client."""
    return type(value).__name__ in _HTTP_MESSAGES


def _as_str(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _in_group(items: Iterable[tuple[str, Any]], depth: int = 1) -> Iterator[str]:
    for name, value in items:
        if isinstance(value, (Mapping, list, tuple)):
            yield from _in_group(_items(value) or [(name, each) for each in value], depth - 1)
        elif name.lower() not in _HARMLESS_HEADERS and not name.lower().startswith("x-stainless"):
            yield from _parts(_as_str(value))


def _in_text(name: str, value: str) -> Iterator[str]:
    if "://" in value or name.lower().endswith("proxy"):
        yield from _in_address(value)
    elif _CREDENTIAL_NAME.search(name):
        yield from _parts(value)


def _parts(value: str) -> Iterator[str]:
    """A credential as it is, without its scheme, each of a cookie's values, and as Base64."""
    yield from (value, unquote(value))
    scheme, _, rest = value.partition(" ")
    yield rest
    for pair in value.split(";"):
        content = pair.partition("=")[2].strip()
        yield from (content, unquote(content))
    if scheme.lower() == "basic":
        try:
            yield base64.b64decode(rest).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return


def _in_address(address: str) -> Iterator[str]:
    """The credentials in an address, which may be without a scheme, as those of proxies may."""
    return in_url(address if "://" in address else f"//{address}")


def in_url(url: str) -> Iterator[str]:
    """The user, the password and the query's values of an address."""
    try:
        parts = urlsplit(url)
        password = parts.password or ""
    except ValueError:
        return
    yield from (password, unquote(password))
    if parts.username is not None:
        userinfo = f"{parts.username}:{password}"
        yield from (userinfo, unquote(userinfo), unquote(parts.username))
    for pair in parts.query.split("&"):
        yield pair.partition("=")[2] or pair  # a token may be there without a name
    yield from (value for _, value in parse_qsl(parts.query))


def _in_header_lines(text: str) -> Iterator[str]:
    """The values of headers, one per line, as in `ANTHROPIC_CUSTOM_HEADERS`."""
    lines = [line.partition(":") for line in text.splitlines()]
    return _in_group((name.strip(), value.strip()) for name, _, value in lines)


def sent_with(error: BaseException) -> Iterator[str]:
    """The credentials in the headers and the address of the request that failed."""
    holders = [error, *(vars(error).get(name) for name in ("response", "raw_response"))]
    for holder in holders:
        for name in ("request", "_request"):
            request = getattr(holder, "__dict__", {}).get(name)
            headers = _items(getattr(request, "headers", None)) or ()
            yield from _in_group(headers)
            yield from in_url(str(getattr(request, "url", "")))
            yield from _in_form(getattr(request, "body", None))


def _in_form(body: Any) -> Iterator[str]:
    """The credentials in a request for a token, as OAuth 2.0 has them (RFC 6749, 2.3.1)."""
    if isinstance(body, (str, bytes)) and len(body) <= _MAX_FORM_CHARS:
        pairs = parse_qsl(_as_str(body))
        yield from (value for name, value in pairs if _CREDENTIAL_NAME.search(name))
