"""The replay server, seen from a bare socket."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress

import pytest

from partwise_conformance import (
    Close,
    Drop,
    Exchange,
    Hold,
    Pause,
    RecordedRequest,
    ReplayServer,
    Reply,
    cut,
    sse,
)

from ..timing import PROMPTLY

GET = b"GET /path?q=1 HTTP/1.1\r\nHost: here\r\nX-Own: yes\r\n\r\n"
END = b"0\r\n\r\n"


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


def connect(server: ReplayServer) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def ask(server: ReplayServer, request: bytes = GET) -> socket.socket:
    client = connect(server)
    client.sendall(request)
    return client


def read_until(client: socket.socket, mark: bytes) -> bytes:
    received = b""
    while not received.endswith(mark):
        data = client.recv(65536)
        if not data:
            break
        received += data
    return received


def read_all(client: socket.socket) -> bytes:
    return read_until(client, b"never")


def body_of(response: bytes) -> bytes:
    return response.partition(b"\r\n\r\n")[2]


def test_a_request_is_recorded(server: ReplayServer) -> None:
    exchange = server.enqueue(Reply())
    post = b'POST /v1 HTTP/1.1\r\nContent-Type: text/json\r\nContent-Length: 8\r\n\r\n{"a": 1}'
    with closing(ask(server, post[:70])) as client:
        client.sendall(post[70:])
        request = exchange.wait_request()

    assert (request.method, request.path, request.json()) == ("POST", "/v1", {"a": 1})
    assert request.headers["content-type"] == "text/json"
    assert server.requests == [request]


def test_a_chunked_request(server: ReplayServer) -> None:
    exchange = server.enqueue(Reply())
    post = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with closing(ask(server, post)):
        assert exchange.wait_request().body == b"abcde"


def test_each_write_is_a_chunk(server: ReplayServer) -> None:
    server.enqueue(Reply(body=cut(b"hello", 2), status=529, headers={"X-Own": "yes"}))
    with closing(ask(server)) as client:
        response = read_until(client, END)

    assert response.startswith(b"HTTP/1.1 529 Unassigned\r\n")
    assert b"\r\nx-own: yes\r\n" in response
    assert body_of(response) == b"2\r\nhe\r\n2\r\nll\r\n1\r\no\r\n" + END


def test_framing_by_close(server: ReplayServer) -> None:
    exchange = server.enqueue(Reply(body=[b"he", b"llo"], framing="close"))
    with closing(ask(server)) as client:
        assert body_of(read_all(client)) == b"hello"

    exchange.wait_ended()
    assert not exchange.disconnected


def test_framing_by_length(server: ReplayServer) -> None:
    server.enqueue(Reply.of_json({"a": 1}, status=404, headers={"retry-after": "1"}))
    with closing(ask(server)) as client:
        response = read_until(client, b"}")

    assert b"content-length: 8\r\n" in response
    assert b"content-type: application/json\r\n" in response
    assert b"retry-after: 1\r\n" in response


def test_gates_hold_each_write(server: ReplayServer) -> None:
    exchange = server.enqueue(Reply(body=[b"a", b"b", b"c"], gated=True))
    with closing(ask(server)) as client:
        exchange.release()
        assert read_until(client, b"1\r\na\r\n")
        assert exchange.sent == 1
        exchange.release(2)
        assert read_until(client, END).endswith(b"1\r\nc\r\n" + END)
    assert exchange.sent == 3


def test_gates_can_be_thrown_open(server: ReplayServer) -> None:
    exchange = server.enqueue(Reply(body=[b"a", Hold(), b"b", Hold(), b"c"]))
    with closing(ask(server)) as client:
        read_until(client, b"a\r\n")
        exchange.release_all()
        assert read_until(client, END).endswith(END)


@pytest.mark.parametrize(
    "reply", [Reply(body=[b"a", b"b"], pace=0.05), Reply(body=[b"a", Pause(0.05), b"b"])]
)
def test_pace(reply: Reply, server: ReplayServer) -> None:
    server.enqueue(reply)
    with closing(ask(server)) as client:
        read_until(client, b"a\r\n")
        first = time.monotonic()
        read_until(client, END)

    assert time.monotonic() - first > 0.04


def test_drop_resets(server: ReplayServer) -> None:
    exchange = server.enqueue(Reply(body=[b"a", Drop(), b"b"]))
    with closing(ask(server)) as client:
        read_until(client, b"a\r\n")
        with pytest.raises(ConnectionResetError):
            client.recv(1)

    assert exchange.sent == 1
    assert not exchange.disconnected


def test_the_head_is_held_back(server: ReplayServer) -> None:
    exchange = server.enqueue(Reply(before_head=[Hold(), Pause(0)], body=[b"", b"a"]))
    with closing(ask(server)) as client:
        exchange.wait_request()
        client.settimeout(0.02)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(5)
        exchange.release()
        assert body_of(read_until(client, END)) == b"1\r\na\r\n" + END
    assert exchange.sent == 2


def test_drop_before_the_head(server: ReplayServer) -> None:
    server.enqueue(Reply(before_head=[Drop()]))
    with closing(ask(server)) as client, pytest.raises(ConnectionResetError):
        client.recv(1)


def test_close_leaves_the_body_without_its_end(server: ReplayServer) -> None:
    server.enqueue(Reply(body=[b"a", Close()]))
    with closing(ask(server)) as client:
        assert body_of(read_all(client)) == b"1\r\na\r\n"


def test_the_client_leaves(server: ReplayServer) -> None:
    exchange = server.enqueue(Reply(body=[b"a", Hold(), b"b"]))
    with closing(ask(server)) as client:
        read_until(client, b"a\r\n")
        assert not exchange.disconnected
        left = time.monotonic()

    assert 0 <= exchange.wait_disconnected() - left < PROMPTLY
    assert exchange.sent == 1


def test_the_client_leaves_a_reply_without_end(server: ReplayServer) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 10_000

    exchange = server.enqueue(Reply(body=endless()))
    with closing(ask(server)) as client:
        client.recv(100_000)

    exchange.wait_disconnected()


def test_the_client_leaves_while_nothing_is_waited_for(server: ReplayServer) -> None:
    client = connect(server)

    def endless() -> Iterator[bytes]:
        client.close()
        while True:
            yield b"x" * 20_000

    exchange = server.enqueue(Reply(body=endless()))
    client.sendall(GET)

    exchange.wait_disconnected()


def test_a_connection_carries_many_requests(server: ReplayServer) -> None:
    with closing(connect(server)) as client:
        for number in range(3):
            server.enqueue(Reply(body=[str(number).encode()]))
            client.sendall(GET)
            assert body_of(read_until(client, END)) == b"1\r\n%d\r\n" % number + END
        assert server.open_connections == 1


def test_a_handler_answers_what_is_not_queued() -> None:
    def echo(request: RecordedRequest) -> Reply:
        return Reply(body=[request.path.encode()])

    with ReplayServer(echo) as server:
        server.enqueue(Reply(body=[b"queued"]))
        bodies = []
        for _ in range(2):
            with closing(ask(server)) as client:
                bodies.append(body_of(read_until(client, END)))

    assert bodies == [b"6\r\nqueued\r\n" + END, b"9\r\n/path?q=1\r\n" + END]


def test_what_nothing_answers(server: ReplayServer) -> None:
    with closing(ask(server)) as client:
        response = read_until(client, b"}")

    assert response.startswith(b"HTTP/1.1 404 ")
    assert b"no reply for GET /path?q=1" in response


def test_waiting_ends() -> None:
    with ReplayServer() as server:
        exchange = server.enqueue(Reply(body=[b"a", Hold()]))
        with closing(ask(server)) as client:
            read_until(client, b"a\r\n")
            for wait in (exchange.wait_ended, exchange.wait_disconnected):
                with pytest.raises(TimeoutError):
                    wait(timeout=0.01)
            with pytest.raises(TimeoutError):
                server.enqueue(Reply()).wait_request(timeout=0.01)


async def test_the_same_from_asyncio(server: ReplayServer) -> None:
    exchange = server.enqueue(Reply(body=[b"a", Hold(), b"b", Hold()]))
    with pytest.raises(TimeoutError):
        await exchange.await_request(timeout=0.01)
    client = await asyncio.to_thread(ask, server)
    assert (await exchange.await_request()).method == "GET"
    with pytest.raises(TimeoutError):
        await exchange.await_disconnected(timeout=0.01)
    client.close()
    await exchange.await_disconnected()

    exchange = server.enqueue(Reply())
    client = await asyncio.to_thread(ask, server)
    await exchange.await_ended()
    client.close()


def test_nothing_is_left_behind() -> None:
    before = set(threading.enumerate())
    with ReplayServer() as server:
        exchange = server.enqueue(Reply(body=[b"a", Hold()]))
        client = ask(server)
        idle = connect(server)
        exchange.wait_request()
        read_until(client, b"a\r\n")
    with closing(client), closing(idle):
        assert read_all(client) == b""
        assert read_all(idle) == b""

    assert set(threading.enumerate()) <= before
    with pytest.raises(ConnectionRefusedError):
        connect(server)
    assert isinstance(exchange, Exchange)
    assert not exchange.disconnected


def test_who_connects_while_the_server_stops_is_not_left_hanging() -> None:
    with ExitStack() as stack:
        with ReplayServer() as server:
            clients = [stack.enter_context(connect(server)) for _ in range(50)]
        for client in clients:
            with suppress(ConnectionResetError):
                assert client.recv(1) == b""


def test_cut() -> None:
    assert cut(b"abcde", 2) == [b"ab", b"cd", b"e"]
    assert cut(b"abcde", None) == [b"abcde"]


def test_sse() -> None:
    assert sse({"a": "é"}) == 'data: {"a": "é"}\n\n'.encode()
    assert sse("[DONE]") == b"data: [DONE]\n\n"
    assert sse("a\nb", event="ping") == b"event: ping\ndata: a\ndata: b\n\n"
