"""One JSON schema in, the schema that a vendor takes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaProfile:
    """What one vendor, at one strictness, takes of JSON schema."""

    name: str


@dataclass(frozen=True, slots=True)
class TransformedSchema:
    """A schema in a vendor's dialect; `strict` says whether the vendor can enforce it."""

    schema: dict[str, Any]
    strict: bool


def transform(schema: Mapping[str, Any], profile: SchemaProfile) -> TransformedSchema:
    raise NotImplementedError
