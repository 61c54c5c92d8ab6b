"""A loopback HTTP/1.1 server that plays scripted replies, faults included.

One thread runs one asyncio loop for all connections. A connection is a protocol object with one
task that reads requests and plays replies; when the client goes away, that task is cancelled, so
every wait in it (a gate, a pause, back-pressure) ends at once.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from http import HTTPStatus
from typing import Self, TypeAlias, cast

from .exchange import Exchange, RecordedRequest
from .reply import Action, Drop, Hold, Pause, Reply

Handler: TypeAlias = Callable[[RecordedRequest], Reply]

_BATCH = 16_384
# Seconds that the server's own thread has for anything it does at once.
_PATIENCE = 5.0
_NO_LINGER = struct.pack("ii", 1, 0)


class ReplayServer:
    r"""Answers on 127.0.0.1 from a queue of replies, or by a handler, while its context is open.

    >>> with ReplayServer() as server:
    ...     exchange = server.enqueue(Reply(body=[b"data: 1\n\n"], gated=True))
    ...     ...  # connect a client to server.url
    ...     exchange.release()

    Replies that are queued come first, in order, whichever connection asks. A request that
    nothing answers gets a 404 that says so.
    """

    def __init__(self, handler: Handler | None = None) -> None:
        self.exchanges: list[Exchange] = []
        self._handler = handler
        self._queue: deque[Exchange] = deque()
        self._connections: set[_Connection] = set()
        self._accepting: set[asyncio.Task[object]] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="partwise-replay")
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._listener: socket.socket
        self._port = 0
        self._accepted = 0

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, without a slash at its end. Refuses once the context is left."""
        return f"http://127.0.0.1:{self._port}"

    def enqueue(self, reply: Reply) -> Exchange:
        """Answer the next unanswered request so."""
        exchange = Exchange(self._loop, reply)
        self._queue.append(exchange)
        return exchange

    def reset(self) -> None:
        """Forget the exchanges so far and the replies that nobody asked for; hold no reply back."""
        for exchange in (*self.exchanges, *self._queue):
            if not exchange.ended:
                exchange.release_all()
        self.exchanges.clear()
        self._queue.clear()

    @property
    def requests(self) -> list[RecordedRequest]:
        """All requests so far, in the order in which they came."""
        return [exchange.request for exchange in self.exchanges]

    @property
    def connections(self) -> int:
        """How many connections clients have opened so far, those included that wait for it."""
        counted: Future[int] = Future()

        def count() -> None:
            # By the next turn, the loop has accepted the connections that waited at this one.
            self._loop.call_soon(lambda: counted.set_result(self._accepted))

        self._loop.call_soon_threadsafe(count)
        return counted.result(_PATIENCE)

    @property
    def open_connections(self) -> int:
        """How many connections clients hold open now, idle ones included."""
        return len(self._connections)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.settimeout(0)
        self._port = self._listener.getsockname()[1]
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._loop.add_reader(self._listener, self._accept)
        self._ready.set()
        await self._stop.wait()
        self._loop.remove_reader(self._listener)
        self._listener.close()
        await asyncio.gather(*self._accepting)
        await asyncio.gather(*(connection.shut() for connection in self._connections))

    def _accept(self) -> None:
        # By hand, since asyncio's own server, when closed, forgets whom it is just accepting.
        accepted, _ = self._listener.accept()
        self._accepted += 1
        making = self._loop.connect_accepted_socket(self._make_connection, accepted)
        task = self._loop.create_task(making)
        self._accepting.add(task)
        task.add_done_callback(self._accepting.discard)

    def _make_connection(self) -> _Connection:
        return _Connection(self._take, self._connections)

    def _take(self, request: RecordedRequest) -> Exchange:
        """The exchange that a request which just came begins."""
        if self._queue:
            exchange = self._queue.popleft()
        else:
            exchange = Exchange(self._loop, (self._handler or _unanswered)(request))
        exchange._begin(request)  # noqa: SLF001 - the server's half of Exchange
        self.exchanges.append(exchange)
        return exchange


def _unanswered(request: RecordedRequest) -> Reply:
    message = f"the replay server has no reply for {request.method} {request.path}"
    return Reply.of_json({"error": {"message": message}}, status=HTTPStatus.NOT_FOUND)


class _Connection(asyncio.Protocol):
    """One client's connection: one request after the other, each with its reply."""

    def __init__(
        self, take: Callable[[RecordedRequest], Exchange], connections: set[_Connection]
    ) -> None:
        self._take = take
        self._connections = connections
        self._received = bytearray()
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._exchange: Exchange | None = None
        self._lost = asyncio.Event()
        self._transport: asyncio.Transport
        self._task: asyncio.Task[None]

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # So that a write counts as sent only when the kernel has taken it.
        self._transport.set_write_buffer_limits(0)
        self._task = asyncio.get_running_loop().create_task(self._converse())

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._news.set()

    def eof_received(self) -> None:
        self._client_left()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._client_left()
        self._connections.discard(self)
        self._lost.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _client_left(self) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange._lose_client()  # noqa: SLF001
        self._task.cancel()

    async def shut(self) -> None:
        """Leave nothing behind: the server stops."""
        self._exchange = None
        self._transport.abort()
        await self._lost.wait()

    # The conversation.

    async def _converse(self) -> None:
        try:
            keep = True
            while keep:
                request = await self._read_request()
                self._exchange = self._take(request)
                keep = await self._play(self._exchange)
        finally:
            # From here on it is the server that leaves, if the client has not.
            self._exchange = None
            self._transport.close()

    async def _read_request(self) -> RecordedRequest:
        head = await self._read_until(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        pairs = (line.split(":", 1) for line in lines)
        headers = {name.lower(): value.strip() for name, value in pairs}
        if "transfer-encoding" in headers:
            body = await self._read_chunks()
        else:
            body = await self._read_exactly(int(headers.get("content-length", "0")))
        return RecordedRequest(method, path, headers, body)

    async def _read_until(self, mark: bytes) -> bytes:
        while (end := self._received.find(mark)) < 0:
            await self._more()
        return (await self._read_exactly(end + len(mark)))[:end]

    async def _read_exactly(self, count: int) -> bytes:
        while len(self._received) < count:
            await self._more()
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    async def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := int(await self._read_until(b"\r\n"), 16):
            body += await self._read_exactly(size)
            await self._read_exactly(2)
        await self._read_until(b"\r\n")
        return bytes(body)

    async def _more(self) -> None:
        self._news.clear()
        await self._news.wait()

    async def _play(self, exchange: Exchange) -> bool:
        """Play a reply to its end. Whether the connection may carry another."""
        reply = exchange.reply
        for action in reply.before_head:
            if not await self._act(action, exchange):
                return False
        await self._write(_head_of(reply))
        if not await self._play_body(exchange):
            return False
        if reply.framing == "chunked":
            await self._write(b"0\r\n\r\n")
        exchange._end()  # noqa: SLF001
        return reply.framing != "close"

    async def _play_body(self, exchange: Exchange) -> bool:
        """Play the steps. Whether they were played to the end, with the connection still there."""
        reply = exchange.reply
        pending = _Batch(chunked=reply.framing == "chunked")
        alone = bool(reply.gated or reply.pace)
        for step in reply.body:
            if not isinstance(step, bytes):
                await self._flush(pending, exchange)
                if not await self._act(step, exchange):
                    return False
                continue
            if alone:
                await self._wait_turn(exchange)
            pending.add(step)
            if alone or pending.size > _BATCH:
                await self._flush(pending, exchange)
        await self._flush(pending, exchange)
        return True

    async def _wait_turn(self, exchange: Exchange) -> None:
        if exchange.reply.gated:
            await exchange._pass_hold()  # noqa: SLF001
        if exchange.reply.pace and exchange.sent:
            await asyncio.sleep(exchange.reply.pace)

    async def _flush(self, pending: _Batch, exchange: Exchange) -> None:
        if pending.count:
            # Counted first: who has received a write must find it counted.
            exchange.sent += pending.count
            data = b"".join(pending.parts)
            pending.clear()
            await self._write(data)

    async def _write(self, data: bytes) -> None:
        self._transport.write(data)
        # The loop must turn, or it would never learn that the client has left.
        await asyncio.sleep(0)
        await self._writable.wait()

    async def _act(self, action: Action, exchange: Exchange) -> bool:
        """Do it. Whether the connection is still there afterwards."""
        match action:
            case Pause(seconds):
                await asyncio.sleep(seconds)
            case Hold():
                await exchange._pass_hold()  # noqa: SLF001
            case Drop():
                self._reset()
                return False
            case _:
                exchange._end()  # noqa: SLF001
                return False
        return True

    def _reset(self) -> None:
        # Lingering for zero seconds makes close() send RST in place of FIN.
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()


class _Batch:
    """Writes that may leave together, since nothing is to be waited for between them."""

    def __init__(self, *, chunked: bool) -> None:
        self._chunked = chunked
        self.clear()

    def clear(self) -> None:
        self.parts: list[bytes] = []
        self.count = 0
        self.size = 0

    def add(self, data: bytes) -> None:
        # An empty chunk would end the body.
        if data:
            framed = b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data
            self.parts.append(framed)
            self.size += len(framed)
        self.count += 1


def _head_of(reply: Reply) -> bytes:
    headers = {
        "content-type": "text/event-stream; charset=utf-8",
        **_framing_of(reply),
        **{name.lower(): value for name, value in reply.headers.items()},
    }
    lines = [
        f"HTTP/1.1 {reply.status} {_phrase(reply.status)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _framing_of(reply: Reply) -> dict[str, str]:
    match reply.framing:
        case "chunked":
            return {"transfer-encoding": "chunked"}
        case "close":
            return {"connection": "close"}
    length = sum(len(step) for step in reply.body if isinstance(step, bytes))
    return {"content-length": str(length)}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        # Vendors have codes of their own, such as 529.
        return "Unassigned"
