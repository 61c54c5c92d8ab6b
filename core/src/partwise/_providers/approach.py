"""Approaches: ways of asking a model for structure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from .mode import Mode

Reason: TypeAlias = Literal["mode", "parameter", "schema"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """One way of asking for structure.

    Attributes:
        mode: how the answer's structure is asked for.
        strict: whether the vendor is asked to enforce the schema, if the mode and the model can.
        forced: whether a tool call is demanded; if not, the model is only offered the tool.
        schema_in_prompt: whether the prompt holds the schema too, as it does in `Mode.JSON`.
        omitted: names of the parameters that partwise sets by itself and now leaves out, since
            the vendor refused them.
    """

    mode: Mode
    strict: bool = True
    forced: bool = True
    schema_in_prompt: bool = False
    omitted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fallback:
    """The next approach after a refusal.

    Attributes:
        approach: the one to try next.
        reason: the refused part: `"mode"` and `"parameter"` hold for every call of the model,
            `"schema"` for this response type only.
    """

    approach: Approach
    reason: Reason
