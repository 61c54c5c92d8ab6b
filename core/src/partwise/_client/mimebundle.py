"""A stream's newest snapshot as a notebook shows it."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

from .wire_envelope import envelope_of

if TYPE_CHECKING:
    from .._session.session import Session
    from .stream import StreamState
    from .wire_envelope import Envelope


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
    return f"<{name} of {source}: {state}, attempt {session.attempt}{tokens}>"


def mimebundle(stream: StreamState[Any]) -> dict[str, Any]:
    """The snapshot in three forms, by media type; what has not arrived is dim in HTML."""
    envelope = envelope_of(stream._session)  # noqa: SLF001 - a part of the stream
    text = json.dumps(envelope["value"], indent=2, ensure_ascii=False)
    return {
        "text/plain": f"{stream!r}\n{text}",
        "text/html": _table(envelope, repr(stream)),
        "application/json": envelope["value"],
    }


def _table(envelope: Envelope, title: str) -> str:
    absent = {*envelope["missing"], *envelope["defaults"]}
    body = _html(envelope["value"], "", absent)
    return f"<div><small style='opacity:.6'>{html.escape(title)}</small>{body}</div>"


def _html(value: Any, path: str, absent: set[str]) -> str:
    if isinstance(value, dict):
        rows = "".join(
            f"<tr><th style='text-align:left;vertical-align:top;font-weight:500;opacity:.7'>"
            f"{html.escape(str(key))}</th><td style='text-align:left'>"
            f"{_html(inside, f'{path}/{key}', absent)}</td></tr>"
            for key, inside in value.items()
        )
        return f"<table>{rows}</table>"
    if isinstance(value, list):
        items = "".join(
            f"<li>{_html(each, f'{path}/{index}', absent)}</li>" for index, each in enumerate(value)
        )
        return f"<ol start='0'>{items}</ol>"
    shown = html.escape("…" if value is None else str(value))
    return f"<span style='opacity:.4'>{shown}</span>" if path in absent else shown
