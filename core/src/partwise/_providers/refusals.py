"""The next approach after a refusal, which is read from the vendor's words: none has a code for it.

A vendor refuses a request *because of its mode* if the model takes no tools, no forced tool, no
`response_format`, or lives on another endpoint; *because of its schema* if its strict mode can't
compile it; and *because of a parameter* that partwise set by itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from .approach import Fallback

if TYPE_CHECKING:
    from .._errors import ProviderError
    from .approach import Approach, Reason
    from .protocol import Capabilities, Request


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_STATUSES: Final = frozenset({400, 404, 405, 415, 422, 501})
"""Of responses that may refuse a mode: the request was understood, and is not served."""

_OTHER_FAULT: Final = _words(
    r"context[_ ](?:length|window)|maximum context|too many tokens|prompt is too long",
    r"content[_ ](?:filter|management|policy)|billing|quota|credit",
    r"tool_call_id|tool_use_id|(?:role|type) [`'\"]*tool|messages?(?:\.\d+|\[\d+\]|['\"], ?\d)",
    r"(?:model|deployment)\b.{0,80}(?:does not exist|not found|no access)",
    r"model_not_found|DeploymentNotFound",
)
"""Faults of the conversation, the account or the model's name. Their texts may have words such as
"tool", but no other approach would help."""

_UNTAKEN: Final = _words(
    r"unsupported|unknown|unrecogni[sz]ed|unexpected|incompatible|deprecated|forbidden",
    r"not (?:yet |currently |be )?(?:supported|permitted|allowed|available|recogni[sz]ed|accepted)",
    r"(?:not|n't) (?:support|accept|allow|take)|no longer",
    r"invalid (?:parameter|argument|field|request argument)|additional propert|only the default",
    r"only \S{1,20} (?:is|are) (?:allowed|supported)|not a valid (?:parameter|field|argument)",
)
_BAD_VALUE: Final = _words(
    r"too (?:large|big|high|small|low)|at (?:most|least)|must be|less than|greater than|between",
)
"""A value out of range is the user's mistake: the parameter is not left out."""

_SCHEMA: Final = _words(
    r"schema|grammar|too (?:deep|complex|many (?:propert|optional|state|union|enum))|nesting",
    r"additionalproperties|\$ref|keyword|extra inputs are not permitted",
)
_SURELY_SCHEMA: Final = _words(
    r"invalid schema|schema fields?|in context=|keyword",
    r"(?<!json[_ ])schemas? (?:is|are|specified|produces|contains)",
    r"grammar|nesting|too (?:deep|complex|many)",
)
"""Before `_MODE_OF_SCHEMA`: these texts name the parameter that holds the schema, too."""
_FORCED: Final = _words(r"tool[_ ]?choice|forced? (?:tool|function)|forc(?:e|ing) tool")
_MODE: Final = _words(
    r"tool|function|response[_ ]?(?:format|mime|json)|json[_ ]?(?:mode|schema|object)",
    r"output_?(?:config|format)|structured[_ ]outputs?|text[._]?format",
    r"endpoint|/v\d/|chat[_. ]?completions?|responses api|not a chat model",
    r"not supported with this model|support(?:s|ed)? (?:only )?(?:in|on|through|by|via) ",
)
_MODE_OF_SCHEMA: Final = _words(
    r"json_schema[\"'`]? (?:is|are|was)?\s?(?:not|un)\s?(?:supported|available|valid|allowed)",
    r"(?:not|n't) support(?:ed)? .{0,40}(?:json_schema|structured output|response_format)",
    r"(?:json_schema|structured output|response_format)"
    r".{0,60}(?:not|n't) (?:be )?(?:supported|available|support )",
    r"unsupported .{0,40}(?:response_format|json_schema)\b(?!.{0,5}fields)",
    r"response_format.{0,40}(?:unsupported|unavailable)",
    r"invalid.{0,20}response_format\.type|response_format.{0,30}type.{0,40}(?:must be|should be)",
)


def next_approach(
    request: Request,
    error: ProviderError,
    capabilities: Capabilities,
    *,
    optional: Collection[str] = (),
) -> Fallback | None:
    """The approach to try after this error; None if it is no refusal, or nothing is left to try.

    An error that may pass is no refusal, and neither is one about the conversation, the account or
    the model's name.

    Args:
        request: the request that was refused.
        error: the vendor's refusal; its message should have the vendor's words.
        capabilities: of the model, with its modes best first.
        optional: names of parameters that the request has and the plugin could leave out.
    """
    text, approach = str(error), request.approach
    is_other = _OTHER_FAULT.search(text) and not _FORCED.search(text)
    if error.status_code not in _STATUSES or error.retryable or is_other:
        return None
    if refused := _refused_parameters(text, optional) - approach.omitted:
        return Fallback(replace(approach, omitted=approach.omitted | refused), "parameter")
    about_mode = _MODE_OF_SCHEMA.search(text) and not _SURELY_SCHEMA.search(text)
    if not about_mode and _SCHEMA.search(text):
        return _less_strict(approach, capabilities)
    if approach.forced and approach.mode.uses_tool and _FORCED.search(text):
        return Fallback(replace(approach, forced=False, schema_in_prompt=True), "mode")
    if about_mode or _MODE.search(text):
        return _next_mode(approach, capabilities, "mode")
    return None


def _refused_parameters(text: str, optional: Collection[str]) -> set[str]:
    if not _UNTAKEN.search(text) or _BAD_VALUE.search(text):
        return set()
    return {name for name in optional if re.search(rf"\b{re.escape(name)}\b", text)}


def _less_strict(approach: Approach, capabilities: Capabilities) -> Fallback | None:
    if approach.strict and not approach.mode.prompts_schema:
        return Fallback(replace(approach, strict=False, schema_in_prompt=True), "schema")
    return _next_mode(approach, capabilities, "schema")


def _next_mode(approach: Approach, capabilities: Capabilities, reason: Reason) -> Fallback | None:
    modes = capabilities.ranked
    later = modes[modes.index(approach.mode) + 1 :] if approach.mode in modes else modes
    if not later:
        return None
    mode = later[0]
    unsure = mode in capabilities.prompted or not approach.strict
    prompts = unsure or (mode.uses_tool and not approach.forced)
    return Fallback(replace(approach, mode=mode, schema_in_prompt=prompts), reason)
