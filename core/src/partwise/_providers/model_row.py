"""A row of a plugin's table of models, as the page `docs/models.md` shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from .protocol import Capabilities

ForcedBy: TypeAlias = Literal["name", "any tool", "offered only", "no tools"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One family of models at one provider. A plugin's module gives all of its with `model_rows()`.

    Attributes:
        provider: the provider's name, as in `from_provider("name/…")`.
        model: the family, for a reader: a name, or a pattern such as `gpt-5.*-pro`; "other models"
            for the rule that serves names which no row lists.
        capabilities: of these models.
        forced: how a tool call is demanded in a mode with a tool: by the tool's name, as a call of
            any tool, or not at all, so that the tool is offered only.
        thinks: whether the models reason before they answer, unless told otherwise.
        source: an address or the name of a document that the row follows.
    """

    provider: str
    model: str
    capabilities: Capabilities
    forced: ForcedBy
    source: str
    thinks: bool = False
