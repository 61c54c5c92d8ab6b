"""Reading an answer from text of any origin: no vendor, no retries.

The pieces of the text are the events of a provider, so all rules of a call hold.
"""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterable, Iterable
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from .._errors import IncompleteOutputError
from .._providers.hookspecs import CallInfo
from .._providers.mode import Granularity, Mode
from .._providers.protocol import Capabilities, Request
from .._providers.redaction import Secrets
from .._sentinels import MISSING
from .._session.call import Call
from .._session.event_reader import PieceReader
from .._session.hooks import HookDispatcher
from .._session.session import Session
from .._session.settings import Settings
from .async_stream import AsyncPartialStream
from .keywords import ParseKeywords, flag, unknown_keywords
from .pieces import check_pieces, not_text
from .response_types import plain, plan_of
from .stream import PartialStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from typing_extensions import TypeForm, Unpack

    from .._providers.chunks import Chunk
    from .completeness import HasPartial
    from .pieces import AsyncPieces, Piece, Pieces

T = TypeVar("T")
P = TypeVar("P")

_KEYWORDS: Final = frozenset({"response_model", "chunks", *ParseKeywords.__annotations__})


@overload
def parse(
    response_model: HasPartial[P, T], chunks: Pieces, **keywords: Unpack[ParseKeywords]
) -> PartialStream[P, T]: ...
@overload
def parse(
    response_model: type[Sequence[HasPartial[P, T]]],
    chunks: Pieces,
    **keywords: Unpack[ParseKeywords],
) -> PartialStream[list[P], list[T]]: ...
@overload
def parse(
    response_model: type[T], chunks: Pieces, **keywords: Unpack[ParseKeywords]
) -> PartialStream[T]: ...
@overload
def parse(
    response_model: TypeForm[T], chunks: Pieces, **keywords: Unpack[ParseKeywords]
) -> PartialStream[T]: ...
def parse(
    response_model: Any = MISSING, chunks: Any = MISSING, **keywords: Unpack[ParseKeywords]
) -> Any:
    """Read an answer from text, however it is cut.

    Args:
        response_model: any type that pydantic validates.
        chunks: the pieces of the text, str or UTF-8 bytes. They are taken as snapshots are asked
            for, and the iterable stays the caller's: it is not closed.
        keywords: `lenient`, whether the JSON may be in prose and in fences, False unless given;
            `context`, the validators' `info.context`; `strict`, pydantic's strict mode, left to
            the model unless given; `limits`, bounds on the text, those of `partwise.Limits()`
            unless given.

    Raises:
        ConfigurationError: the response model is not a type, the chunks are not text, or a keyword
            is unknown. Raised at once; all other errors come when the stream is read.

    Example:
        ```python
        for team in partwise.parse(Team, ['{"na', 'me": "A"}']):
            print(team)
        ```
    """
    return PartialStream(_session("parse()", response_model, chunks, keywords))


@overload
def aparse(
    response_model: HasPartial[P, T], chunks: AsyncPieces, **keywords: Unpack[ParseKeywords]
) -> AsyncPartialStream[P, T]: ...
@overload
def aparse(
    response_model: type[Sequence[HasPartial[P, T]]],
    chunks: AsyncPieces,
    **keywords: Unpack[ParseKeywords],
) -> AsyncPartialStream[list[P], list[T]]: ...
@overload
def aparse(
    response_model: type[T], chunks: AsyncPieces, **keywords: Unpack[ParseKeywords]
) -> AsyncPartialStream[T]: ...
@overload
def aparse(
    response_model: TypeForm[T], chunks: AsyncPieces, **keywords: Unpack[ParseKeywords]
) -> AsyncPartialStream[T]: ...
def aparse(
    response_model: Any = MISSING, chunks: Any = MISSING, **keywords: Unpack[ParseKeywords]
) -> Any:
    """The same for asyncio, from an async iterable or a plain one.

    Example:
        `team = await partwise.aparse(Team, response.aiter_bytes()).result()`
    """
    return AsyncPartialStream(_session("aparse()", response_model, chunks, keywords))


def _session(
    function: str, response_model: Any, chunks: Any, keywords: Mapping[str, Any]
) -> Session:
    unknown_keywords(function, keywords.keys() - _KEYWORDS, _KEYWORDS)
    settings, own = Settings.split({**keywords, "max_retries": 0})
    check_pieces(chunks, may_be_async=function == "aparse()")
    plan = plan_of(response_model)
    secrets = Secrets()
    provider: Any = _Text(chunks)
    info = CallInfo("text", "", Mode.JSON_SCHEMA, plan.name)
    request = Request(
        model="", mode=Mode.JSON_SCHEMA, messages=(), schema={}, name="answer", description=None
    )
    call = Call(
        info=info,
        provider=provider,
        request=request,
        plan=plan,
        response_type=plain(response_model),
        settings=settings,
        hooks=HookDispatcher(info, (), None, secrets),
        secrets=secrets,
        lenient=flag("lenient", own.get("lenient", False)),
        expects_finish=False,
        reader=PieceReader,
    )
    return Session(call)


class _Text:
    """A provider whose response is an iterable of text, as far as a session asks for one."""

    def __init__(self, chunks: Any) -> None:
        is_one = isinstance(chunks, str | bytes | bytearray)
        self._chunks = (chunks,) if is_one else chunks

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002
        return Capabilities({Mode.JSON_SCHEMA: Granularity.TOKEN})

    def build_request(self, request: Request) -> Mapping[str, Any]:  # noqa: ARG002
        return {}

    def decoder(self, request: Request) -> _Decoder:  # noqa: ARG002
        return _Decoder()

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Piece]]:  # noqa: ARG002
        yield iter(self._chunks)

    @asynccontextmanager
    async def aopen(
        self,
        payload: Mapping[str, Any],  # noqa: ARG002
    ) -> AsyncIterator[AsyncIterator[Piece]]:
        chunks = self._chunks
        yield aiter(chunks if isinstance(chunks, AsyncIterable) else _awaitable(chunks))


async def _awaitable(chunks: Iterable[Piece]) -> AsyncIterator[Piece]:
    for chunk in chunks:
        yield chunk


class _Decoder:
    """Decodes bytes, wherever a character is cut in two. Pieces that are text do not come here."""

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")()

    def feed(self, event: Any) -> Iterable[Any]:
        if isinstance(event, bytes | bytearray):
            # No `TextDelta`: to make one takes as long as to read it.
            return (self._utf8.decode(event),)
        if isinstance(event, str):  # a subclass
            return (str(event),)
        if event is None:
            return ()
        raise not_text(event)

    def close(self) -> Iterable[Chunk]:
        rest, _ = self._utf8.getstate()
        if rest:
            raise IncompleteOutputError(f"the text ended inside a character, after {rest!r}")
        return ()
