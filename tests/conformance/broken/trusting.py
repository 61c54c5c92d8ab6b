"""Faults with hostile input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from partwise.provider import BadRequestError, Chunk, Finish, ProviderError, TextDelta

from .acme import AcmeDecoder, AcmeProvider, Event
from .fault import BY_TEXT, fault

if TYPE_CHECKING:
    import httpx2

    from partwise.provider import ProviderConfig


@fault("test_odd_shapes", message="has the wrong type", by=BY_TEXT)
class TrustsTheTypes(AcmeDecoder):
    """Passes on a value that should be text, whatever it is."""

    def say(self, event: Event) -> Iterable[Chunk]:
        return (TextDelta(event["say"]),)


class _Trusting(AcmeDecoder):
    """Reads some events without the net of the right decoder."""

    def feed(self, event: Event) -> Iterable[Chunk]:
        return [*self.trusted(event), *super().feed(event)]

    def trusted(self, event: Event) -> Iterable[Chunk]:
        return ()


@fault("test_odd_shapes", message="the decoder raised AttributeError")
class TrustsTheShapes(_Trusting):
    """Takes the arguments of a call for text."""

    def trusted(self, event: Event) -> Iterable[Chunk]:
        event.get("json", "").strip()
        return ()


@fault("test_damaged_bytes", message="the decoder raised KeyError", by=BY_TEXT)
class KnowsTheKindsToCome(_Trusting):
    """Raises on a kind of event that is not in the vendor's plans."""

    plans: Mapping[str, str] = {
        **dict.fromkeys(("say", "think", "decline", "call", "spent", "stop", "ping", "error"), ""),
        "type": "of the next version",
    }

    def trusted(self, event: Event) -> Iterable[Chunk]:
        for kind in event:
            self.plans[kind]
        return ()


@fault("test_failures_are_the_vendors", message="wherever in the stream it comes")
class KnowsLateFailuresOnly(AcmeDecoder):
    """Takes a failure of the vendor's before the answer for an empty answer."""

    begun = False

    def feed(self, event: Event) -> Iterable[Chunk]:
        chunks = [*super().feed(event)]
        self.begun = True
        return chunks

    def error(self, event: Event) -> Iterable[Chunk]:
        return super().error(event) if self.begun else (Finish("other", "error"),)


@fault("test_odd_configuration", message="not-a-url: this must end in")
class TrustsTheAddress(AcmeProvider):
    """Lets through the HTTP library's errors for an address that is none."""

    def find_url(self, config: ProviderConfig) -> str | None:
        return config.base_url

    def map_error(self, error: Exception) -> ProviderError | None:
        mapped = super().map_error(error)
        return None if type(mapped) is BadRequestError and not mapped.status_code else mapped


@fault("test_odd_retry_after", message="inf became inf")
class TrustsTheClock(AcmeProvider):
    """Takes Retry-After for a number."""

    def retry_after(self, response: httpx2.Response) -> float | None:
        seconds = response.headers.get("retry-after")
        return None if seconds is None else float(seconds)


@fault("test_damaged_answers", message="map_error has no error for this body")
class GivesUpOnDamage(AcmeProvider):
    """Has an SDK that knows of no other characters than UTF-8's, and a mapping that fails on it."""

    def map_error(self, error: Exception) -> ProviderError | None:
        if isinstance(error, UnicodeDecodeError):
            self.fail(error)
        return super().map_error(error)

    def fail(self, error: Any) -> NoReturn:
        raise TypeError(error.response)
