"""The limits of time hold in sync as in async, whatever trickles in; and close() from anywhere."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

import partwise
from partwise._client.interrupt import interrupt_read
from partwise.provider import Finish, TextDelta

from ...timing import assert_in_time

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

SECONDS = 0.15
WORKERS = ("partwise-keeper", "partwise-warm")


class Wire:
    """A real socket from which the provider reads. A line is an event, an empty one a comment."""

    def __init__(self) -> None:
        self.here, self.there = socket.socketpair()
        self.is_open = True
        self.reads = 0

    def lines(self) -> Iterator[Any]:
        sock = self.here
        pending = b""
        while data := sock.recv(1):
            pending += data
            if data == b"\n":
                line, pending = pending.strip(), b""
                if line:
                    yield TextDelta(line.decode())

    def drip(self, stop: threading.Event) -> None:
        """Comments, for ever."""
        while not stop.wait(0.01):
            try:
                self.there.send(b"\n")
            except OSError:
                return


class WireProvider:
    """Opens the wire. `where` names the place at which it waits for ever: "headers" or "events"."""

    def __init__(self, base: Any, wire: Wire, where: str) -> None:
        self._base = base
        self.wire = wire
        self.where = where
        self.released = threading.Event()
        self.opened = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._base, name)

    @contextmanager
    def open(self, payload: Any) -> Iterator[Any]:
        self.opened.set()
        try:
            if self.where == "headers":
                list(self.wire.lines())
            yield self.wire.lines()
        finally:
            self.released.set()

    @asynccontextmanager
    async def aopen(self, payload: Any) -> AsyncIterator[Any]:
        self.opened.set()
        reader, writer = await asyncio.open_connection(sock=self.wire.here)
        try:
            if self.where == "headers":
                await reader.read()
            yield self._events(reader)
        finally:
            writer.close()
            self.released.set()

    async def _events(self, reader: Any) -> AsyncIterator[Any]:
        while line := await reader.readline():
            if text := line.strip():
                yield TextDelta(text.decode())


@pytest.fixture
def wire() -> Iterator[Wire]:
    with dripping() as wire:
        yield wire


@contextmanager
def dripping() -> Iterator[Wire]:
    wire = Wire()
    stop = threading.Event()
    thread = threading.Thread(target=wire.drip, args=(stop,), daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        stop.set()
        wire.here.close()  # which ends a send
        thread.join()
        wire.there.close()


@contextmanager
def stream(play: Any, kit: Any, wire: Wire, where: str, **settings: Any) -> Iterator[Any]:
    with play.client([]) as client:
        provider = WireProvider(client._calls.provider, wire, where)
        client._calls.provider = provider
        yield (
            client.create_partial(
                kit.User, messages=[], mode="json_schema", **{"max_retries": 0, **settings}
            ),
            provider,
        )


def read(stream: Any) -> tuple[Any, float]:
    """The error with which the stream ends, and the seconds until then."""

    async def aread() -> None:
        await stream.result()

    is_sync = isinstance(stream, partwise.PartialStream)
    before = time.monotonic()
    with pytest.raises(partwise.PartwiseError) as caught:
        stream.result() if is_sync else asyncio.run(aread())
    return caught.value, time.monotonic() - before


@pytest.mark.parametrize("where", ["headers", "events"])
@pytest.mark.parametrize("setting", ["timeout", "idle_timeout"])
def test_a_limit_holds_whatever_trickles_in(play: Any, kit: Any, where: str, setting: str) -> None:
    def once() -> float:
        with (
            dripping() as wire,
            stream(play, kit, wire, where, **{setting: SECONDS}) as (reading, provider),
        ):
            error, seconds = read(reading)
            assert isinstance(error, partwise.ProviderTimeoutError)
            assert error.retryable == (setting == "idle_timeout")
            assert seconds >= SECONDS - 0.02
            assert provider.released.wait(5)
        return seconds

    assert_in_time(SECONDS, once)


def test_a_limit_holds_while_an_sdk_is_loaded(play: Any, kit: Any, wire: Wire) -> None:
    assert_in_time(SECONDS, lambda: seconds_while_loading(play, kit, wire))


def seconds_while_loading(play: Any, kit: Any, wire: Wire) -> float:
    loaded, entered = threading.Event(), threading.Event()

    class Loading(WireProvider):
        def open(self, payload: Any) -> Any:
            assert loaded.wait(5)
            return self._entered()

        def warm(self, *, is_async: bool) -> None:
            assert loaded.wait(5)

        def aopen(self, payload: Any) -> Any:
            entered.set()
            raise AssertionError

        @contextmanager
        def _entered(self) -> Iterator[Any]:
            entered.set()
            yield iter(())

    with play.client([]) as client:
        client._calls.provider = Loading(client._calls.provider, wire, "")
        reading = client.create_partial(kit.User, messages=[], timeout=SECONDS, max_retries=3)
        error, seconds = read(reading)  # in async, the end of the event loop included
        assert isinstance(error, partwise.ProviderTimeoutError)
        threads = [each for each in threading.enumerate() if each.name in WORKERS]
        assert threads
        loaded.set()
        for thread in set(threads) - {threading.current_thread()}:
            thread.join(5)
            assert not thread.is_alive()
        assert not entered.is_set()  # nothing is sent after all
    return seconds


def test_what_was_received_is_on_the_error(play: Any, kit: Any, wire: Wire) -> None:
    wire.there.send(b'{"name": "J\n')
    with stream(play, kit, wire, "events", idle_timeout=SECONDS) as (reading, _):
        error, _ = read(reading)
    assert error.text == '{"name": "J'
    assert error.snapshot.name == "J"


def test_events_are_life(play: Any, kit: Any, wire: Wire) -> None:
    idle = 4 * SECONDS  # a busy machine is late with an event

    def write() -> None:
        for char in '{"name": "x", "age": 1}':
            wire.there.send(char.encode() + b"\n" if char != " " else b"\n")
            time.sleep(idle / 12)
        wire.there.shutdown(socket.SHUT_RDWR)

    writing = threading.Thread(target=write)
    with stream(play, kit, wire, "events", idle_timeout=idle) as (reading, _):
        writing.start()

        async def aread() -> Any:
            return await reading.result()

        value = asyncio.run(aread()) if play.is_async else reading.result()
    writing.join()
    assert value.age == 1


def test_retries_do_not_multiply_a_limit(play: Any, kit: Any) -> None:
    settings = {"timeout": 2 * SECONDS, "idle_timeout": SECONDS, "max_retries": 9}

    def once() -> float:
        with dripping() as wire, stream(play, kit, wire, "events", **settings) as (reading, _):
            error, seconds = read(reading)
        assert isinstance(error, partwise.PartwiseError)
        return seconds

    assert_in_time(2 * SECONDS, once)


def test_an_sdk_that_connects_again_does_not_multiply_it(sync: Any, kit: Any) -> None:
    assert_in_time(SECONDS, lambda: seconds_of_a_stubborn_sdk(sync, kit))


def seconds_of_a_stubborn_sdk(sync: Any, kit: Any) -> float:
    tries: list[float] = []

    class Stubborn(WireProvider):
        @contextmanager
        def open(self, payload: Any) -> Iterator[Any]:
            for _ in range(3):
                tries.append(time.monotonic())
                list(self.wire.lines())
            yield iter(())

    with dripping() as wire, sync.client([]) as client:
        client._calls.provider = Stubborn(client._calls.provider, wire, "headers")
        reading = client.create_partial(kit.User, messages=[], timeout=SECONDS, max_retries=0)
        error, seconds = read(reading)
    assert isinstance(error, partwise.ProviderTimeoutError)
    return seconds


@pytest.mark.parametrize("settings", [{}, {"timeout": 30}, {"idle_timeout": 30}])
def test_close_from_another_thread_ends_a_reader(
    sync: Any, kit: Any, wire: Wire, settings: Any
) -> None:
    with stream(sync, kit, wire, "events", **settings) as (reading, provider):
        errors: list[Any] = []

        def read_on() -> None:
            try:
                reading.result()
            except partwise.PartwiseError as error:
                errors.append(error)

        thread = threading.Thread(target=read_on)
        thread.start()
        assert provider.opened.wait(5)
        time.sleep(0.05)  # until it reads
        reading.close()
        thread.join(5)
        assert not thread.is_alive()
        assert provider.released.wait(5)
    assert [type(error) for error in errors] == [partwise.IncompleteOutputError]
    assert "closed before" in str(errors[0])


class SocketAfterSocket(WireProvider):
    """Reads from one socket after the other, as an SDK that sends its request again by itself."""

    def __init__(self, base: Any, wire: Wire, place: str) -> None:
        super().__init__(base, wire, place)
        self.goes_on = threading.Event()
        self.interrupted = 0

    @contextmanager
    def open(self, payload: Any) -> Iterator[Any]:
        try:
            if self.where == "headers":
                self._read_all()
            yield self._texts()
        finally:
            self.released.set()

    def _texts(self) -> Iterator[Any]:
        self._read_all()
        yield TextDelta("{")

    def _read_all(self) -> None:
        self.opened.set()
        assert self.goes_on.wait(5)  # between two sockets
        for _ in range(3):
            sock, there = socket.socketpair()
            with sock, there:
                assert not sock.recv(1)
            self.interrupted += 1


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partwise._client.interrupt._FIRST_WAITS", (0.001,))
    monkeypatch.setattr("partwise._client.interrupt.RELEASE_SECONDS", 0.001)


@pytest.mark.parametrize("place", ["headers", "events"])
@pytest.mark.parametrize("settings", [{}, {"timeout": 30}])
@pytest.mark.usefixtures("short_waits")
def test_close_from_another_thread_ends_each_further_read(
    sync: Any, kit: Any, wire: Wire, place: str, settings: Any
) -> None:
    with sync.client([]) as client:
        provider = client._calls.provider = SocketAfterSocket(client._calls.provider, wire, place)
        reading = client.create_partial(kit.User, messages=[], max_retries=0, **settings)
        thread = threading.Thread(target=lambda: failure(reading), daemon=True)
        thread.start()
        assert provider.opened.wait(5)
        reading.close()
        provider.goes_on.set()
        thread.join(5)
        assert not thread.is_alive()
        assert provider.released.wait(5)
    assert provider.interrupted == 3


def test_close_ends_a_reader_in_another_thread_than_the_one_that_opened(
    sync: Any, kit: Any
) -> None:
    here, there = socket.socketpair()
    reads = threading.Event()

    def read() -> Any:
        reads.set()
        sock = here
        assert not sock.recv(1)

    with here, there, sync.client([TextDelta('{"name": "J'), read]) as client:
        reading = client.create_partial(kit.User, messages=[], mode="json_schema", max_retries=0)
        next(reading)
        thread = threading.Thread(target=lambda: failure(reading), daemon=True)
        thread.start()
        assert reads.wait(5)
        reading.close()
        thread.join(5)
        assert not thread.is_alive()
    assert sync.provider.held == 0


@pytest.mark.parametrize("settings", [{}, {"timeout": 30}])
def test_nothing_is_sent_for_a_stream_that_another_thread_closes_first(
    sync: Any, kit: Any, wire: Wire, settings: Any
) -> None:
    with sync.client([]) as client:
        provider = client._calls.provider = SocketAfterSocket(
            client._calls.provider, wire, "headers"
        )
        provider.goes_on.set()
        reading = client.create_partial(kit.User, messages=[], max_retries=0, **settings)
        reading.on("completion:kwargs", lambda *_, **__: reading.close())  # just before it is sent
        assert type(failure(reading)) is partwise.IncompleteOutputError
    assert not provider.opened.is_set()


@pytest.mark.parametrize("settings", [{}, {"timeout": 30}])
@pytest.mark.usefixtures("short_waits")
def test_nothing_is_sent_for_a_stream_that_is_closed_while_its_sdk_is_loaded(
    sync: Any, kit: Any, wire: Wire, settings: Any
) -> None:
    threads: list[threading.Thread] = []

    class Loading(SocketAfterSocket):
        def open(self, payload: Any) -> Any:
            threads.append(threading.current_thread())
            closer = threading.Thread(target=reading.close)
            closer.start()
            closer.join(5)
            return super().open(payload)

    with sync.client([]) as client:
        provider = client._calls.provider = Loading(client._calls.provider, wire, "headers")
        provider.goes_on.set()
        reading = client.create_partial(kit.User, messages=[], max_retries=0, **settings)
        assert type(failure(reading)) is partwise.IncompleteOutputError
        for thread in set(threads) - {threading.current_thread()}:
            thread.join(5)
    assert not provider.opened.is_set()


@pytest.mark.parametrize("paced", [False, True])
def test_close_from_another_thread_ends_a_pause(sync: Any, kit: Any, paced: bool) -> None:
    fault = partwise.ServerError("busy", provider="scripted", retryable=True, retry_after=30)
    with sync.client([kit.InBand(fault)], []) as client:
        reading = client.create_partial(kit.User, messages=[], max_retries=3)
        is_closed = PausedEvent()
        reading._driver._is_closed = is_closed
        errors: list[Any] = []
        view = reading.snapshots(throttle=0.01) if paced else reading
        thread = threading.Thread(target=lambda: errors.append(failure(view)))
        thread.start()
        assert is_closed.begun.wait(5)
        view.close()
        thread.join(5)
        assert not thread.is_alive()
    assert [type(error) for error in errors] == [partwise.IncompleteOutputError]
    assert len(sync.provider.payloads) == 1


def failure(view: Any) -> Any:
    with pytest.raises(partwise.PartwiseError) as caught:
        list(view)
    return caught.value


class PausedEvent(threading.Event):
    """Says when somebody begins to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.begun.set()
        return super().wait(timeout)


def test_closing_ends_a_pause_of_another_task(asynchronous: Any, kit: Any) -> None:
    fault = partwise.ServerError("busy", provider="scripted", retryable=True, retry_after=30)

    async def main(client: Any) -> None:
        reading = client.create_partial(kit.User, messages=[], max_retries=3)
        reader = asyncio.ensure_future(reading.result())
        for _ in range(20):
            await asyncio.sleep(0)
        assert reading._driver._sleep is not None
        await reading.aclose()
        with pytest.raises(partwise.IncompleteOutputError, match="closed before"):
            await asyncio.wait_for(reader, 5)
        assert len(asynchronous.provider.payloads) == 1

    with asynchronous.client([kit.InBand(fault)], []) as client:
        asyncio.run(main(client))


@pytest.mark.parametrize("use", [next, list, lambda stream: stream.result()])
def test_a_second_thread_that_reads_is_told_so(sync: Any, kit: Any, use: Any) -> None:
    reads, goes_on = threading.Event(), threading.Event()

    def wait() -> Any:
        reads.set()
        assert goes_on.wait(5)
        return TextDelta('{"name": "Jo", "age": 1}')

    with sync.client([wait, Finish("stop", "stop")]) as client:
        reading = client.create_partial(kit.User, messages=[], mode="json_schema")
        values: list[Any] = []
        thread = threading.Thread(target=lambda: values.append(reading.result()))
        thread.start()
        assert reads.wait(5)
        with pytest.raises(partwise.ConfigurationError, match="is being read already"):
            use(reading)
        goes_on.set()
        thread.join(5)
    assert [value.age for value in values] == [1]


@pytest.mark.parametrize("view", [iter, lambda stream: iter(stream.events())])
def test_so_is_one_that_takes_the_first_one_s_iterator(sync: Any, kit: Any, view: Any) -> None:
    reads, goes_on = threading.Event(), threading.Event()

    def wait() -> Any:
        reads.set()
        assert goes_on.wait(5)
        return TextDelta('{"name": "Jo", "age": 1}')

    with sync.client([wait, Finish("stop", "stop")]) as client:
        items = view(client.create_partial(kit.User, messages=[], mode="json_schema"))
        seen: list[Any] = []
        thread = threading.Thread(target=lambda: seen.extend(items))
        thread.start()
        assert reads.wait(5)
        with pytest.raises(partwise.ConfigurationError, match="is being read already"):
            next(items)
        goes_on.set()
        thread.join(5)
    assert seen
    items.close()


def test_another_thread_ends_an_asynchronous_reader(
    asynchronous: Any, kit: Any, wire: Wire
) -> None:
    async def main() -> None:
        with stream(asynchronous, kit, wire, "events") as (reading, provider):
            reader = asyncio.create_task(reading.result())
            await asyncio.to_thread(provider.opened.wait, 5)
            loop = asyncio.get_running_loop()
            await asyncio.to_thread(loop.call_soon_threadsafe, reading.abandon)
            with pytest.raises(partwise.IncompleteOutputError, match="closed before"):
                await asyncio.wait_for(reader, 5)
            assert await asyncio.to_thread(provider.released.wait, 5)

    asyncio.run(main())


def test_a_call_without_a_limit_starts_no_thread(sync: Any, kit: Any) -> None:
    before = threading.active_count()

    def count() -> Any:
        counts.append(threading.active_count())
        return TextDelta('{"name": "", "age": 1}')

    counts: list[int] = []
    assert sync([count], mode="json_schema").value.age == 1
    assert counts == [before]


def test_a_stream_on_another_event_loop_says_asyncio(asynchronous: Any, kit: Any) -> None:
    with asynchronous.client([]) as client:
        reading = client.create_partial(kit.User, messages=[], max_retries=0)
        step = reading.result()
        with pytest.raises(partwise.ConfigurationError, match="asyncio"):
            step.send(None)  # as trio would, with no loop of asyncio's


def test_objects_on_the_reader_s_stack_run_no_code() -> None:
    here, there = socket.socketpair()
    reads = threading.Event()

    class HalfMade:
        """An object whose attributes can't be asked for yet, as in its `__init__`."""

        def __getattr__(self, name: str) -> Any:
            raise RecursionError(name)

        @property
        def sock(self) -> Any:
            raise RecursionError

        @property  # type: ignore[misc]
        def __class__(self) -> Any:  # as a proxy of any object has it
            raise RecursionError

        def read(self, wire: Any) -> None:
            reads.set()
            wire.recv(1)

    def read(sock: socket.socket) -> None:
        HalfMade().read(sock)

    with here, there:
        thread = threading.Thread(target=read, args=(here,))
        thread.start()
        assert reads.wait(5)
        assert thread.ident is not None
        while thread.is_alive():
            assert interrupt_read(thread.ident)
            thread.join(0.01)


def test_a_reader_whose_time_is_over_does_not_wait_for_the_release(
    sync: Any, kit: Any, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    goes_on = threading.Event()

    def steps() -> Iterator[float]:
        waits.append(0)
        yield 0

    monkeypatch.setattr("partwise._client.interrupt._FIRST_WAITS", steps())

    class Lingering(WireProvider):
        @contextmanager
        def open(self, payload: Any) -> Iterator[Any]:
            try:
                yield self.wire.lines()
            finally:
                assert goes_on.wait(30)
                self.released.set()

    with sync.client([]) as client:
        provider = client._calls.provider = Lingering(client._calls.provider, wire, "events")
        reading = client.create_partial(kit.User, messages=[], timeout=SECONDS, max_retries=0)
        error, _ = read(reading)
        assert isinstance(error, partwise.ProviderTimeoutError)
        assert not provider.released.is_set()
        assert not waits
        goes_on.set()
        assert provider.released.wait(5)


def test_a_task_whose_time_is_over_waits_for_the_release_briefly(
    asynchronous: Any, kit: Any, wire: Wire
) -> None:
    class Lingering(WireProvider):
        @asynccontextmanager
        async def aopen(self, payload: Any) -> AsyncIterator[Any]:
            reader, writer = await asyncio.open_connection(sock=self.wire.here)
            try:
                yield self._events(reader)
            finally:
                writer.close()
                await goes_on.wait()
                released.set()

    async def main(client: Any) -> None:
        client._calls.provider = Lingering(client._calls.provider, wire, "events")
        reading = client.create_partial(kit.User, messages=[], timeout=SECONDS, max_retries=0)
        with pytest.raises(partwise.ProviderTimeoutError):
            await reading.result()
        assert not released.is_set()
        goes_on.set()
        await asyncio.wait_for(released.wait(), 5)

    goes_on, released = asyncio.Event(), asyncio.Event()
    with asynchronous.client([]) as client:
        asyncio.run(main(client))
