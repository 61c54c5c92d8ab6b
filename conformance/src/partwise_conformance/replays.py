"""Recordings in the place of a vendor, for the tests of programs that use partwise."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, overload

import partwise
from partwise.provider import Provider, ProviderConfig, ProviderFactory, find_factory, hookimpl
from partwise_replay import Recording, ReplayProvider


class Replays:
    """The fixture `replay_provider`. `speed` is as in `from_provider("replay/…")`.

    def test_meeting(replay_provider):
        client = replay_provider("recordings/meeting.sse")
        assert read_meeting(client) == ...

    def test_program(replay_provider):
        replay_provider.instead_of("openai", "recordings/meeting.sse")
        main()      # which calls from_provider("openai/gpt-4.1-mini")
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._plugins: list[object] = []

    @overload
    def __call__(
        self, recording: str | Path, *, async_client: Literal[False] = ..., speed: float = ...
    ) -> partwise.Client: ...
    @overload
    def __call__(
        self, recording: str | Path, *, async_client: Literal[True], speed: float = ...
    ) -> partwise.AsyncClient: ...
    def __call__(
        self, recording: str | Path, *, async_client: bool = False, speed: float = math.inf
    ) -> partwise.Client | partwise.AsyncClient:
        """A client whose every answer is that recording."""
        model = f"replay/{self._folder / recording}"
        return partwise.from_provider(model, async_client=async_client, speed=speed)

    def instead_of(self, name: str, recording: str | Path, *, speed: float = math.inf) -> None:
        """Play it to whoever asks for `from_provider("NAME/…")`, until the test ends."""
        path = self._folder / recording
        # Found before it is hidden: its decoder reads the recording.
        inner = find_factory(Recording.load(path).provider)

        def factory(config: ProviderConfig) -> Provider:
            return ReplayProvider(replace(config, options={"speed": speed}), path, inner)

        plugin = _Plugin(name, factory)
        partwise.register(plugin)
        self._plugins.append(plugin)

    def close(self) -> None:
        """Give the vendors their places back."""
        while self._plugins:
            partwise.unregister(self._plugins.pop())


class _Plugin:
    def __init__(self, name: str, factory: ProviderFactory) -> None:
        self._name = name
        self._factory = factory

    @hookimpl
    def register_providers(self, register: Callable[[str, Any], None]) -> None:
        register(self._name, self._factory)
