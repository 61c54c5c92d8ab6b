"""The error of a failed attempt, as users and hooks get it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import IncompleteOutputError, ProviderError
from .._providers.advice import NO_EVENTS, advice_for, longer_answer
from .._providers.plugin_calls import text_attribute

if TYPE_CHECKING:
    from .._errors import PartwiseError
    from .._usage import Usage
    from .attempt import Attempt
    from .call import Call


def enriched(error: PartwiseError, attempt: Attempt, usage: Usage | None) -> PartwiseError:
    """The error, with everything that the attempt has brought, and the tokens spent."""
    error.snapshot = attempt.builder.snapshot()
    error.text = attempt.text
    error.reasoning = attempt.reasoning
    error.usage = usage
    error.finish_reason = attempt.finish_reason
    error.raw_finish_reason = attempt.raw_finish_reason
    error.attempt = attempt.number
    return error


def advice_on(error: PartwiseError, call: Call, attempt: Attempt, *, has_begun: bool) -> str:
    """The next step after this error; "" if none is known.

    `has_begun` says that the vendor's stream had brought something.
    """
    if isinstance(error, ProviderError) and not has_begun:
        url = text_attribute(call.provider, call.info.provider, "models_url")
        return advice_for(error, model=call.info.model, models_url=url)
    if isinstance(error, IncompleteOutputError) and not has_begun and call.info.model:
        return NO_EVENTS
    if isinstance(error, IncompleteOutputError) and attempt.finish_reason == "length":
        return longer_answer(call.request.options, resumes=call.settings.resume)
    return ""
