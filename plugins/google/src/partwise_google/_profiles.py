"""Google's models and their request parameters, as data: one row for each family of models.

The first row whose pattern is found in a model's name is its. A wrong row is refused by
the vendor and learned (see `GoogleProvider.fallback`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from partwise.provider import Capabilities, ForcedBy, Granularity, Mode, ModelRow

# As tool arguments come whole unless Vertex AI is asked for more, the schema is best.
_ALL: Final = {
    Mode.JSON_SCHEMA: Granularity.TOKEN,
    Mode.TOOLS: Granularity.WHOLE,
    Mode.MD_JSON: Granularity.TOKEN,
}
_PROMPT_ONLY: Final = {Mode.MD_JSON: Granularity.TOKEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One family of models.

    Attributes:
        label: the models, for a reader.
        pattern: found in their names.
        modes: the modes, best first, and how finely each streams.
        has_system: whether the model takes a system instruction; if not, it becomes the beginning
            of the first message.
        forced: how a tool call is demanded.
        source: the text that the row follows.
    """

    label: str
    pattern: str
    modes: Mapping[Mode, Granularity]
    has_system: bool = True
    forced: ForcedBy = "name"
    source: str

    @property
    def capabilities(self) -> Capabilities:
        """The modes, in the core's form."""
        return Capabilities(self.modes)


PROFILES: Final = (
    Profile(
        label="gemma-3*",
        pattern=r"gemma-3",
        modes=_PROMPT_ONLY,
        has_system=False,
        forced="no tools",
        source="https://github.com/google/adk-python/issues/3900",
    ),
    Profile(
        label="gemini-*-image*",
        pattern=r"gemini-.*image",
        modes=_PROMPT_ONLY,
        forced="no tools",
        source="https://github.com/google-gemini/cookbook/issues/1028",
    ),
    Profile(
        label="other models",
        pattern="",
        modes=_ALL,
        source="https://ai.google.dev/gemini-api/docs/structured-output",
    ),
)


def profile_of(model: str) -> Profile:
    """The row of this model."""
    return next(row for row in PROFILES if re.search(row.pattern, model))


def model_rows() -> Iterator[ModelRow]:
    """The rows of `docs/models.md`."""
    for profile in PROFILES:
        yield ModelRow(
            provider="google",
            model=profile.label,
            capabilities=profile.capabilities,
            forced=profile.forced,
            source=profile.source,
        )
