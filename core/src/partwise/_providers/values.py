"""Values of vendors' JSON, read as the type that they should have.

Servers put null where their interface has text, an object where it has JSON text, one object where
it has a list. These are read all the same. Anything else in place of text raises, since an answer
without a piece of it would be another answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._errors import ProviderError, ServerError
from .chunks import Chunk, KeepAlive


def as_map(value: Any) -> Mapping[str, Any]:
    """An object; the first object of a list; an empty one for anything else."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list):
        return next((item for item in value if isinstance(item, Mapping)), {})
    return {}


def as_maps(value: Any) -> Sequence[Mapping[str, Any]]:
    """The objects of a list; a lone object as a list of one."""
    values = value if isinstance(value, (list, tuple)) else [value]
    return [item for item in values if isinstance(item, Mapping)]


def as_text(value: Any) -> str:
    """A string; an empty one for null.

    Raises:
        TypeError: it is another type.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    raise TypeError(f"text was due, and not {value!r:.100}")


def as_word(value: Any) -> str | None:
    """An id, a name or a reason: a string that is not empty; None for anything else."""
    return value if isinstance(value, str) and value else None


def as_count(value: Any) -> int | None:
    """A whole number from 0, also one written as a string or with a fraction of 0; else None."""
    if isinstance(value, str) and value.isdecimal() and value.isascii():
        value = int(value[:_MAX_DIGITS])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def as_json(value: Any) -> str:
    """JSON text, whether it came as text or as the object that it stands for; "" for null.

    Raises:
        TypeError: it is another type.
    """
    if isinstance(value, (Mapping, list)):
        return json.dumps(value, ensure_ascii=False)
    return as_text(value)


def read_event(chunks: Iterator[Chunk], event: object, *, provider: str) -> Iterable[Chunk]:
    """The chunks of one event; a `KeepAlive` if there are none.

    If it reports a failure, or can't be read to its end, the error is raised; by the iterator, if
    there are chunks before it.

    Args:
        chunks: a generator of the event's chunks.
        event: the event, for the error.
        provider: the name that the error bears.

    Raises:
        ProviderError: the generator's own, or a `ServerError` if the event has another shape than
            the generator expects.
    """
    ready: list[Chunk] = []
    failure: ProviderError
    try:
        ready.extend(chunks)
    except ProviderError as error:
        failure = error
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        failure = unreadable_event(event, error, provider=provider)
        failure.__cause__ = error
    else:
        return ready or [KeepAlive()]
    if not ready:
        raise failure
    return _then_raise(ready, failure)


def _then_raise(chunks: Iterable[Chunk], failure: ProviderError) -> Iterator[Chunk]:
    yield from chunks
    raise failure


def unreadable_event(event: object, error: Exception, *, provider: str) -> ServerError:
    """The error for an event that a decoder can't read. The vendor may do better next time."""
    message = f"an event can't be read ({type(error).__name__}: {error}): {event!r:.200}"
    return ServerError(message, provider=provider, retryable=True)


_MAX_DIGITS = 18
"""Digits of a count that are read: more tokens than any vendor has ever made."""
