"""`Partial[M]`, with the class methods that Instructor gives it."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any, TypeVar

import partwise
from partwise import PartialLiteralMixin

__all__ = ["Partial", "PartialLiteralMixin"]


T = TypeVar("T")


class _Indexable(type):
    def __getitem__(cls, model: type[T]) -> type[T]:
        partial: Any = partwise.Partial[model]
        if "model_from_chunks" not in vars(partial):
            partial.model_from_chunks = staticmethod(_reader(model))
            partial.get_partial_model = staticmethod(lambda: partial)
            partial.model_from_chunks_async = staticmethod(_async_reader(model))
        return partial  # type: ignore[no-any-return]


class Partial(metaclass=_Indexable):
    """`Partial[M]` is `partwise.Partial[M]`, with the class methods that read snapshots of M."""


def _reader(model: type[Any]) -> Any:
    def model_from_chunks(json_chunks: Iterable[str | bytes], **keywords: Any) -> Iterator[Any]:
        return iter(partwise.parse(model, json_chunks, **keywords))

    return model_from_chunks


def _async_reader(model: type[Any]) -> Any:
    def model_from_chunks_async(
        json_chunks: AsyncIterable[str | bytes], **keywords: Any
    ) -> AsyncIterator[Any]:
        return aiter(partwise.aparse(model, json_chunks, **keywords))

    return model_from_chunks_async
