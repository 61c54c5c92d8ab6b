"""Sync objects used as asynchronous ones, and the other way round: errors that say which they are.

Type checkers see none of the methods that raise them, so they find the mistake themselves.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NoReturn, Self

from .._errors import ConfigurationError


class MixupError(ConfigurationError, TypeError):
    """A sync object was used as an asynchronous one, or the other way round."""


class SyncOnly(ABC):
    """A sync stream, view or client: the end of `with` closes it, and it has no `async with`.

    `async for` and `await` are left to Python's own errors: programs tell by `__aiter__` and
    `__await__` if an object is asynchronous.
    """

    @abstractmethod
    def close(self) -> None:
        """Leave. Nothing more can be read."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    if not TYPE_CHECKING:

        async def __aenter__(self) -> NoReturn:
            raise self._mixup("async with", "write with")

        async def __aexit__(self, *_: object) -> None:
            """Never reached."""

        def _mixup(self, used: str, advice: str) -> MixupError:
            return MixupError(
                f"{used} with a {type(self).__name__}, which is sync: {advice}, or make an "
                "asynchronous client by from_provider(…, async_client=True)"
            )


class AsyncOnly:
    """A stream, view or client for asyncio: it has no `for`, `with` or `next`."""

    if not TYPE_CHECKING:

        def __enter__(self) -> NoReturn:
            raise self._mixup("with", "write async with")

        def __exit__(self, *_: object) -> None:
            """Never reached."""

        def _mixup(self, used: str, advice: str) -> MixupError:
            return MixupError(
                f"{used} with an {type(self).__name__}, which is for asyncio: {advice}, or make a "
                "sync client by from_provider(…) without async_client=True"
            )
