"""A server that speaks HTTP/2 to one client, by prior knowledge (RFC 9113, section 3.3)."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import Self

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

HEADERS = [(":status", "200"), ("content-type", "text/event-stream")]


class Http2Server:
    """Begins an answer to each request; the test goes on with it.

    Attributes:
        requests: the stream of each request that came.
    """

    def __init__(self) -> None:
        self.requests: SimpleQueue[int] = SimpleQueue()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._http2 = H2Connection(H2Configuration(client_side=False))
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._listener, self._socket):
            if each is not None:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
        self._thread.join()

    def send(self, stream: int, *events: bytes, end: bool = False) -> None:
        """Go on with an answer."""
        with self._lock:
            self._http2.send_data(stream, b"".join(events), end_stream=end)
            self._flush()

    def _run(self) -> None:
        with suppress(OSError):
            self._socket, _ = self._listener.accept()
            with self._lock:
                self._http2.initiate_connection()
                self._flush()
            while data := self._socket.recv(65536):
                self._receive(data)

    def _receive(self, data: bytes) -> None:
        with self._lock:
            for event in self._http2.receive_data(data):
                if isinstance(event, RequestReceived):
                    self._http2.send_headers(event.stream_id, HEADERS)
                    self.requests.put(event.stream_id)
            self._flush()

    def _flush(self) -> None:
        assert self._socket is not None
        self._socket.sendall(self._http2.data_to_send())
