"""Redirects to another origin refused, so that the key and the prompt stay with the vendor.

HTTP libraries drop `Authorization` when they follow a redirect to another origin, but neither a
vendor's own header, such as `x-api-key`, nor the body.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar
from urllib.parse import urljoin, urlsplit

ClientT = TypeVar("ClientT")

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_REDIRECTS: Final = range(300, 400)


def refuse_redirects(http_client: ClientT) -> ClientT:
    """The same client of httpx or httpx2, which no longer leaves the origin of its request.

    A response that redirects to another scheme, host or port is given back as it is, without its
    `Location`: the SDK then takes it for a failure with status 3xx.
    """
    client: Any = http_client
    hook: Any = _check_async if hasattr(client, "aclose") else _check
    hooks = client.event_hooks
    if hook not in hooks["response"]:
        client.event_hooks = {**hooks, "response": [hook, *hooks["response"]]}
    return http_client


def _check(response: Any) -> None:
    if _is_refused(response):
        # For SDKs that read the body of an unexpected response.
        response.read()


async def _check_async(response: Any) -> None:
    if _is_refused(response):
        await response.aread()


def _is_refused(response: Any) -> bool:
    """Whether the response redirects to another origin. It no longer does, then."""
    location = response.headers.get("location")
    if response.status_code not in _REDIRECTS or not location:
        return False
    asked = str(response.request.url)
    if _origin(asked, location) == _origin(asked):
        return False
    del response.headers["location"]
    return True


def _origin(url: str, location: str = "") -> tuple[str, str | None, int | None] | None:
    """Scheme, host and port (RFC 6454, section 4) of a place at the URL; None if there is none."""
    try:
        parts = urlsplit(urljoin(url, location))
        return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
