"""A snapshot as plain data that tells missing values from nulls and defaults."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class Envelope(TypedDict):
    """A snapshot and how far it is.

    `missing` and `defaults` are JSON pointers (RFC 6901) of fields that have not arrived. In
    `value` those in `missing` are null, or an empty part, and those in `defaults` show the
    model's default. A null at any other place is the model's answer.
    """

    kind: Literal["snapshot"]
    attempt: int
    state: Literal["missing", "partial", "complete"]
    value: Any
    missing: list[str]
    defaults: list[str]
