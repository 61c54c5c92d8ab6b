"""A server that is never silent for long, and never gets anywhere."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, suppress
from typing import Literal, Self, TypeAlias

Trickle: TypeAlias = Literal["connecting", "headers", "comments", "blanks", "line"]
TRICKLES: tuple[Trickle, ...] = ("connecting", "headers", "comments", "blanks", "line")

HEAD = b"HTTP/1.1 200 OK\r\n"
BODY = HEAD + b"content-type: text/event-stream\r\n\r\n"
BEGIN = {"headers": HEAD, "comments": BODY, "blanks": BODY, "line": BODY + b"data: {"}
MORE = {"headers": b"x-more: x\r\n", "comments": b": still here\n\n", "blanks": b"\n", "line": b" "}
PAUSE = 0.02


class TrickleServer:
    """Answers each connection with a trickle, until the client leaves or the server stops.

    With "connecting" it has more connections than it accepts, so that a further one has to wait.
    """

    def __init__(self, trickle: Trickle) -> None:
        self._trickle = trickle
        self._is_stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._sockets = ExitStack()
        self._listener = self._sockets.enter_context(socket.socket())
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0 if trickle == "connecting" else 16)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        if self._trickle == "connecting":
            self._fill()
        else:
            self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._is_stopped.set()
        with suppress(OSError):  # wakes the thread that accepts
            self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._sockets.close()

    def _fill(self) -> None:
        """Linux takes one connection more than the backlog, and drops what asks to connect then."""
        for _ in range(3):
            filler = self._sockets.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(self._listener.getsockname())

    def _start(self, target: object, *given: object) -> None:
        thread = threading.Thread(target=target, args=given, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._start(self._drip, self._sockets.enter_context(connection))

    def _drip(self, connection: socket.socket) -> None:
        with suppress(OSError):
            connection.sendall(BEGIN[self._trickle])
            while not self._is_stopped.wait(PAUSE):
                connection.sendall(MORE[self._trickle])
