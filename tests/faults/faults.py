"""What can go wrong between a vendor and its reader, and what each must come to.

A fault is a reply, made of any vendor's events, and the outcome that is expected of it: an error
with all that was received, or, where the fault is no harm, the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeAlias

import pytest

from partwise import (
    AuthenticationError,
    BadRequestError,
    IncompleteOutputError,
    PartwiseError,
    ProviderConnectionError,
    ProviderTimeoutError,
    RateLimitError,
    ServerError,
    Usage,
)
from partwise_conformance import Close, Drop, Hold, Pause, Reply, Step, sse

from .vendors import DELTAS, SPENT, Vendor

Received: TypeAlias = Literal["nothing", "half", "finish", "whole"]

HALF = "".join(DELTAS[:2])
MEGABYTE = 1_000_000
DRIPPED = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault.

    Attributes:
        error: what it is told as; None where the answer is whole in spite of it.
        received: how much of the answer came.
        retryable: what the error says of trying again; None where it says nothing.
        usage: whether the vendor told at the end what was spent.
        keywords: further keywords of the call.
        told: the vendors whose SDK makes something else of it, each with what that is.
    """

    name: str
    reply: Callable[[Vendor], Reply]
    error: type[PartwiseError] | None = None
    received: Received = "nothing"
    status: int | None = None
    retryable: bool | None = None
    retry_after: float | None = None
    usage: bool = True
    keywords: dict[str, Any] = field(default_factory=dict)
    told: Mapping[str, type[PartwiseError]] = field(default_factory=dict)
    marks: tuple[pytest.MarkDecorator, ...] = ()

    @property
    def stalls(self) -> bool:
        """Whether it is the client that leaves."""
        return self.error is ProviderTimeoutError and self.status is None

    def usage_of(self, vendor: Vendor) -> Usage | None:
        """What is known to be spent when all is over."""
        if self.error is None and self.as_told_by(vendor) is None:
            return SPENT if self.usage else vendor.early_usage
        if self.received == "nothing" or self.error is None:
            return None
        return SPENT if self.received == "finish" else vendor.early_usage

    def as_told_by(self, vendor: Vendor) -> type[PartwiseError] | None:
        return self.told.get(vendor.name, self.error)


def body(*steps: Step) -> Reply:
    return Reply(body=steps)


def mid_event(vendor: Vendor) -> Reply:
    event = vendor.delta(DELTAS[2])
    return body(*vendor.half(), event[: len(event) // 2], Drop())


def mid_character(vendor: Vendor) -> Reply:
    event = vendor.delta(DELTAS[1])
    inside = event.index("é".encode()) + 1
    return body(*vendor.half(), event[:inside], Drop())


def drip(vendor: Vendor) -> Reply:
    """The end of one event comes byte by byte, the others at once."""
    first, *others = vendor.deltas()
    begun, rest = first[:-DRIPPED], first[-DRIPPED:]
    return body(*vendor.head, begun, *_drops_of(rest), *others, *vendor.tail())


def _drops_of(event: bytes) -> Iterator[Step]:
    for byte in event:
        yield Pause(0.002)
        yield bytes([byte])


def with_comments(vendor: Vendor) -> Reply:
    comment = b": there is nothing to see here\n\n"
    return body(comment.join([b"", *vendor.whole(), b""]))


def with_a_long_event(size: int, vendor: Vendor) -> Reply:
    return body(*vendor.half(), vendor.padding(size), *vendor.deltas()[2:], *vendor.tail())


def with_crlf(vendor: Vendor) -> Reply:
    return body(b"".join(vendor.whole()).replace(b"\n", b"\r\n"))


def page(_: Vendor) -> Reply:
    html = b"<!doctype html><title>Sign in</title>"
    return Reply(body=[html], headers={"content-type": "text/html"}, framing="length")


def garbage(vendor: Vendor) -> Reply:
    kind = "content_block_delta" if vendor.name == "anthropic" else None
    return body(*vendor.half(), sse('{"not": json', kind), *vendor.deltas()[2:], *vendor.tail())


def after_the_finish(vendor: Vendor) -> Reply:
    *finish, last = vendor.tail()
    # What closes the stream stays last, where there is such a thing.
    ends = [*finish, vendor.padding(1), last] if finish else [last, vendor.padding(1)]
    return body(*vendor.head, *vendor.deltas(), *ends)


def twice_finished(vendor: Vendor) -> Reply:
    *finish, last = vendor.tail()
    ends = [*finish, *finish, last] if finish else [last, last]
    return body(*vendor.head, *vendor.deltas(), *ends)


def refused(
    status: int,
    error: type[PartwiseError],
    *,
    retryable: bool = False,
    retry_after: float | None = None,
) -> Fault:
    """The vendor answers with an HTTP status."""
    headers = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
    said = {"error": {"message": "no", "type": "no_error", "code": status}}
    return Fault(
        name=f"{status}" if retry_after is None else f"{status} with Retry-After",
        reply=lambda _: Reply.of_json(said, status=status, headers=headers),
        error=error,
        status=status,
        retryable=retryable,
        retry_after=retry_after,
    )


BROKEN: dict[str, Any] = {"error": ProviderConnectionError, "retryable": True}
STALLED: dict[str, Any] = {
    "error": ProviderTimeoutError,
    "retryable": True,
    "keywords": {"idle_timeout": 0.5},
}

FAULTS = (
    Fault(name="reset before headers", reply=lambda _: Reply(before_head=[Drop()]), **BROKEN),
    Fault(name="reset after headers", reply=lambda _: body(Drop()), **BROKEN),
    Fault(name="reset in an event", reply=mid_event, received="half", **BROKEN),
    Fault(name="reset in a character", reply=mid_character, received="half", **BROKEN),
    Fault(
        name="closed between events",
        reply=lambda vendor: body(*vendor.half(), Close()),
        received="half",
        **BROKEN,
    ),
    Fault(name="stall before headers", reply=lambda _: Reply(before_head=[Hold()]), **STALLED),
    Fault(
        name="stall", reply=lambda vendor: body(*vendor.half(), Hold()), received="half", **STALLED
    ),
    Fault(name="slow drip", reply=drip, received="whole", keywords={"idle_timeout": 2.0}),
    refused(400, BadRequestError),
    refused(401, AuthenticationError),
    refused(403, AuthenticationError),
    refused(404, BadRequestError),
    refused(408, ProviderTimeoutError, retryable=True),
    refused(409, BadRequestError, retryable=True),
    refused(413, BadRequestError),
    refused(429, RateLimitError, retryable=True),
    refused(429, RateLimitError, retryable=True, retry_after=7.0),
    refused(500, ServerError, retryable=True),
    refused(503, ServerError, retryable=True),
    refused(529, ServerError, retryable=True),
    Fault(name="HTML with 200", reply=page, error=ServerError, retryable=False),
    Fault(name="empty body", reply=lambda _: body(), error=IncompleteOutputError),
    Fault(
        name="JSON in place of events",
        reply=lambda _: Reply.of_json({"answer": 1}),
        error=ServerError,
    ),
    Fault(
        name="error event",
        reply=lambda vendor: body(*vendor.half(), vendor.overloaded),
        error=ServerError,
        received="half",
        retryable=True,
    ),
    Fault(
        name="end without a finish",
        reply=lambda vendor: body(*vendor.half()),
        error=IncompleteOutputError,
        received="half",
    ),
    Fault(
        name="finish without content",
        reply=lambda vendor: body(*vendor.empty()),
        error=IncompleteOutputError,
        received="finish",
    ),
    Fault(
        name="garbage between events",
        reply=garbage,
        error=ServerError,
        received="half",
    ),
    Fault(name="1 MB event", reply=partial(with_a_long_event, MEGABYTE), received="whole"),
    Fault(
        name="10 MB event",
        reply=partial(with_a_long_event, 10 * MEGABYTE),
        received="whole",
        marks=(pytest.mark.full,),
    ),
    Fault(name="CRLF", reply=with_crlf, received="whole"),
    Fault(
        name="comments",
        reply=with_comments,
        received="whole",
        # Google's SDK knows of none, and takes them for the lines of an error.
        told={"google": ServerError},
    ),
    Fault(
        name="byte order mark",
        reply=lambda vendor: body(b"\xef\xbb\xbf", *vendor.whole()),
        received="whole",
        # Google's SDK takes the mark for a part of the first event.
        told={"google": ServerError},
    ),
    Fault(name="duplicate finish", reply=twice_finished, received="whole"),
    Fault(name="chunks after the finish", reply=after_the_finish, received="whole"),
    Fault(
        name="usage missing",
        reply=lambda vendor: body(*vendor.head, *vendor.deltas(), *vendor.tail(usage=False)),
        received="whole",
        usage=False,
    ),
)
