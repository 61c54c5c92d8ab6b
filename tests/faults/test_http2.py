"""close() from another thread, over connections that several streams may share."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpcore2
import httpx2
import pytest
from httpcore2._backends.sync import SyncStream
from httpcore2._sync.http2 import HTTP2Connection

import partwise
from partwise import IncompleteOutputError, PartwiseError
from partwise._client.interrupt import frame_of, interrupt_read

from ..timing import PROMPTLY
from .http2 import Http2Server
from .stand import KEY, MESSAGES, Note
from .vendors import DELTAS, OpenAI

if TYPE_CHECKING:
    from collections.abc import Iterator

OPENAI = OpenAI()


class Reader(threading.Thread):
    """Reads a stream to its end."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self.stream = stream
        self.shows = threading.Event()
        self.error: PartwiseError | None = None

    def run(self) -> None:
        try:
            for _ in self.stream:
                self.shows.set()
        except PartwiseError as error:
            self.error = error


@pytest.fixture
def server() -> Iterator[Http2Server]:
    with Http2Server() as server:
        yield server


@pytest.fixture
def client(server: Http2Server) -> Iterator[partwise.Client]:
    with httpx2.Client(http1=False, http2=True) as http:
        yield partwise.from_provider(
            OPENAI.model, mode=OPENAI.mode, base_url=server.url, api_key=KEY, http_client=http
        )


@contextmanager
def reading(client: partwise.Client, server: Http2Server, **settings: Any) -> Iterator[Any]:
    """A thread that has seen a snapshot and waits for more, and the stream's number."""
    reader = Reader(
        client.create_partial(response_model=Note, messages=MESSAGES, max_retries=0, **settings)
    )
    reader.start()
    number = server.requests.get(timeout=PROMPTLY)
    server.send(number, *OPENAI.half())
    assert reader.shows.wait(PROMPTLY)
    yield reader, number
    reader.join(PROMPTLY)
    assert not reader.is_alive()


@pytest.mark.parametrize("settings", [{}, {"timeout": 60}])
def test_a_reader_that_is_alone_ends_at_once(
    client: partwise.Client, server: Http2Server, settings: Any
) -> None:
    with reading(client, server, **settings) as (reader, _):
        reader.stream.close()
    assert isinstance(reader.error, IncompleteOutputError)
    assert reader.error.text == DELTAS[0] + DELTAS[1]


@pytest.mark.parametrize("requests", [1, 2])
def test_a_connection_that_others_use_is_left_alone(requests: int) -> None:
    # httpcore's own connection, since its threads starve each other of reading when they share one.
    here, there = socket.socketpair()
    origin = httpcore2.URL("http://localhost").origin
    connection: Any = HTTP2Connection(origin, SyncStream(here))
    connection._events = {number: [] for number in range(requests)}
    request = httpcore2.Request("GET", "http://localhost")
    errors: list[Exception] = []

    def read() -> None:
        try:
            connection._read_incoming_data(request)
        except httpcore2.RemoteProtocolError as error:
            errors.append(error)

    with here, there:
        thread = threading.Thread(target=read)
        thread.start()
        while not is_in_recv(thread):
            time.sleep(0.001)
        assert thread.ident is not None
        assert interrupt_read(thread.ident) is (requests == 1)
        if requests > 1:
            there.shutdown(socket.SHUT_RDWR)
        thread.join(PROMPTLY)
        assert not thread.is_alive()
    assert len(errors) == 1


def is_in_recv(thread: threading.Thread) -> bool:
    frame = frame_of(thread.ident or 0)
    return frame is not None and frame.f_code is SyncStream.read.__code__
