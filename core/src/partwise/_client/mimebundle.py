"""A stream's newest snapshot as a notebook shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._plan.notebook_view import in_three_forms
from .wire_envelope import envelope_of

if TYPE_CHECKING:
    from .._session.session import Session


def repr_of(session: Session, name: str) -> str:
    """Which stream it is, and how far: model, state, attempt, tokens."""
    call = session.completion.call
    source = f"{call.provider}/{call.model}" if call.model else call.provider
    state = {"missing": "waiting", "partial": "writing", "complete": "complete"}[session.state("")]
    if session.closed:
        state = "closed"
    elif session.finished and state != "complete":
        state = "failed"
    usage = session.usage
    tokens = "" if usage is None else f", {usage.output_tokens} tokens"
    return f"<{name} of {source}: {state}, attempt {session.attempt.number}{tokens}>"


def mimebundle(session: Session, title: str) -> dict[str, Any]:
    """The snapshot in three forms, by media type; values that have not arrived are dim in HTML."""
    envelope = envelope_of(session)
    absent = {*envelope["missing"], *envelope["defaults"]}
    return in_three_forms(envelope["value"], title, absent)
