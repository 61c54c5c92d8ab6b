"""Parts of OpenAI's chat messages that every vendor wants in a form of its own."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from .._errors import ConfigurationError


def split_data_url(url: str) -> tuple[str, str]:
    """The media type and the base64 text of `data:image/png;base64,…` (RFC 2397).

    Raises:
        ConfigurationError: it is another address, or its data is not in base64.
    """
    head, comma, data = url.partition(",")
    if not (comma and head.startswith("data:") and head.endswith(";base64")):
        raise ConfigurationError(
            f'not a "data:…;base64,…" URL, which has the content in base64: {url[:40]!r}'
        )
    return head.removeprefix("data:").split(";")[0], data


def decode_base64(data: str, part: str) -> bytes:
    """The content of a part, such as `"an image"`, for an SDK that encodes it by itself.

    Raises:
        ConfigurationError: it is not base64. Names the part.
    """
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ConfigurationError(f"the data of {part} is not base64: {error}") from error


def arguments_object(text: str | None, *, key: str = "arguments") -> dict[str, Any]:
    """A tool call's arguments as an object, for a vendor that takes no text.

    Those that are not a JSON object, since the call was cut off say, are `{key: text}`.
    """
    try:
        value = json.loads(text or "{}")
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {key: text}
