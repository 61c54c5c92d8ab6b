"""The subset of JSON Schema that a vendor takes, as data."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from .nodes import COMMON

_NOT_REGULAR: Final = re.compile(r"\(\?(?:[=!]|<[=!]|P=|P?<)|(?<!\\)(?:\\\\)*\\[1-9bB]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaProfile:
    """The part of JSON Schema that one vendor, at one strictness, takes.

    Every vendor takes `type`, `properties`, `required`, `items`, `additionalProperties: false`,
    `enum`, `anyOf`, `$ref`, `$defs` and `description`. The defaults describe a vendor that takes
    any schema.

    Attributes:
        name: for the log, such as `"openai strict"`.
        strict: whether the vendor enforces a schema of this profile.
        keywords: the further keywords that it takes; None if it takes all.
        accepts: for some of those, which of the keyword's values it takes; all, if not listed.
        enum_types: the JSON types whose values it takes in `enum`; None if it takes all.
        closed: it wants `additionalProperties: false` in every object, so it takes no maps.
        typed: every node must have a type, so it takes no `Any`.
        all_required: every property must be required.
        ref_siblings: whether other keywords may stand beside `$ref`.
        recursion: whether a definition may lead to itself: always, only through a property that
            is not required, or never.
        fallback: the profile for a schema that this one can't take; None takes it as it is.
    """

    name: str
    strict: bool = True
    keywords: frozenset[str] | None = None
    accepts: Mapping[str, Callable[[Any], bool]] = field(default_factory=dict, hash=False)
    enum_types: frozenset[str] | None = None
    closed: bool = False
    typed: bool = False
    all_required: bool = False
    ref_siblings: bool = True
    recursion: Literal["always", "optional", "never"] = "always"
    fallback: SchemaProfile | None = None

    def takes(self, keyword: str, value: Any = None) -> bool:
        """Whether the vendor takes this keyword, with this value where that matters."""
        if keyword in COMMON:
            return True
        if self.keywords is not None and keyword not in self.keywords:
            return False
        return keyword not in self.accepts or self.accepts[keyword](value)


ANY_SCHEMA: Final = SchemaProfile(name="any schema", strict=False)


def is_simple_pattern(pattern: str) -> bool:
    """Whether a regular expression does without lookaround, backreferences and word boundaries.

    No vendor's grammar knows those. Made for `SchemaProfile.accepts`.
    """
    return _NOT_REGULAR.search(pattern) is None
