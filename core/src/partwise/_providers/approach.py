"""Ways of asking a model for structure, and which one to try after the vendor refused one.

A vendor refuses a request *because of its mode* if the model takes no tools, no forced tool, no
`response_format`, or lives on another endpoint; *because of its schema* if its strict mode can't
compile it; and *because of a parameter* that partwise set by itself. `next_approach` reads which of
these it was from the vendor's words, since no vendor has a code for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from .._errors import ProviderError
    from .mode import Mode
    from .protocol import Capabilities, Request

_STATUSES: Final = frozenset({400, 404, 405, 415, 422, 501})
"""Of responses that may refuse a mode: the request was understood, and is not served."""

_SCHEMA: Final = re.compile(
    r"schema|grammar|too (?:deep|complex|many (?:propert|optional|state|union|enum))|nesting"
    r"|additionalproperties|\$ref|keyword|extra inputs are not permitted",
    re.IGNORECASE,
)
_FORCED: Final = re.compile(r"tool[_ ]?choice|forced? (?:tool|function)|toolchoice", re.IGNORECASE)
_MODE: Final = re.compile(
    r"tool|function|response[_ ]?(?:format|mime|json)|json[_ ]?(?:mode|schema|object)"
    r"|output_(?:config|format)|structured output|text\.format"
    r"|endpoint|/v1/|chat[_. ]completions|responses api|not a chat model"
    r"|not supported with this model",
    re.IGNORECASE,
)
_MODE_OF_SCHEMA: Final = re.compile(
    r"json_schema[\"'`]? (?:is|are|was)?\s?(?:not|un)\s?(?:supported|available|valid|allowed)"
    r"|(?:not|n't) support(?:ed)? .{0,40}(?:json_schema|structured output|response_format)"
    r"|(?:json_schema|structured output|response_format)"
    r".{0,60}(?:not|n't) (?:be )?(?:supported|available)"
    r"|invalid.{0,20}response_format\.type",
    re.IGNORECASE,
)


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
        approach: what to try next.
        reason: what the vendor refused: `"mode"` and `"parameter"` hold for every call of the
            model, `"schema"` for this response type only.
    """

    approach: Approach
    reason: Literal["mode", "parameter", "schema"]


def next_approach(
    request: Request,
    error: ProviderError,
    capabilities: Capabilities,
    *,
    optional: Collection[str] = (),
) -> Fallback | None:
    """The approach to try after this error; None if it is no refusal, or nothing is left to try.

    Args:
        request: the request that was refused.
        error: the vendor's refusal; its message should have the vendor's words.
        capabilities: of the model, with its modes best first.
        optional: names of parameters that the plugin sets by itself and could leave out.
    """
    if error.status_code not in _STATUSES:
        return None
    text, approach = str(error), request.approach
    named = [name for name in optional if re.search(rf"\b{re.escape(name)}\b", text)]
    if refused := set(named) - approach.omitted:
        return Fallback(replace(approach, omitted=approach.omitted | refused), "parameter")
    about_mode = _MODE_OF_SCHEMA.search(text) is not None
    if not about_mode and _SCHEMA.search(text):
        if approach.strict:
            return Fallback(replace(approach, strict=False, schema_in_prompt=True), "schema")
        return _next_mode(approach, capabilities, "schema")
    if approach.forced and approach.mode.uses_tool and _FORCED.search(text):
        return Fallback(replace(approach, forced=False, schema_in_prompt=True), "mode")
    is_about_mode = about_mode or _MODE.search(text)
    return _next_mode(approach, capabilities, "mode") if is_about_mode else None


def _next_mode(
    approach: Approach, capabilities: Capabilities, reason: Literal["mode", "schema"]
) -> Fallback | None:
    modes = list(capabilities.modes)
    later = modes[modes.index(approach.mode) + 1 :] if approach.mode in modes else modes
    if not later:
        return None
    mode = later[0]
    prompts = mode in capabilities.prompted
    fallback = Approach(mode=mode, schema_in_prompt=prompts, omitted=approach.omitted)
    return Fallback(fallback, reason)
