"""`Partial[M]`, with the class methods that Instructor gives it."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, Optional, TypeVar

from pydantic import ValidationError

import partwise
from partwise import PartialLiteralMixin

from .._left_out import refusal

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

__all__ = ["Partial", "PartialLiteralMixin"]

__getattr__ = refusal(
    __name__,
    {},
    """JsonCompleteness MakeFieldsOptional PartialBase is_json_complete process_potential_object
    remove_control_chars""",
    otherwise="Partial[M] and partwise.parse",
)

T = TypeVar("T")


class _Indexable(type):
    def __getitem__(cls, model: type[T]) -> type[T]:
        made: Any = partwise.Partial[model]
        if "model_from_chunks" not in vars(made):
            made.model_from_chunks = staticmethod(partial(_from_chunks, model))
            made.model_from_chunks_async = staticmethod(partial(_from_chunks_async, model))
            made.get_partial_model = staticmethod(lambda: made)
            made._original_model = model  # noqa: SLF001 - Instructor's own name
        return made  # type: ignore[no-any-return]


class Partial(metaclass=_Indexable):
    """`Partial[M]` is `partwise.Partial[M]`, with the class methods that read snapshots of M.

    `model_from_chunks` takes the start of an answer too: the last snapshot of a text that is not
    complete is a `Partial[M]`, and that of a complete one an M.
    """


def _from_chunks(model: Any, json_chunks: Iterable[str | bytes], **keywords: Any) -> Iterator[Any]:
    with _as_pydantic_raises():
        yield from partwise.parse(model, json_chunks, **keywords)


async def _from_chunks_async(
    model: Any, json_chunks: AsyncIterable[str | bytes], **keywords: Any
) -> AsyncIterator[Any]:
    with _as_pydantic_raises():
        async for snapshot in partwise.aparse(model, json_chunks, **keywords):
            yield snapshot


@contextmanager
def _as_pydantic_raises() -> Iterator[None]:
    """End quietly with a text that is only a start; a text that is not valid is pydantic's error.

    Raises:
        pydantic.ValidationError: the model refuses the text; its cause is partwise's error.
        MalformedOutputError: the text is not JSON.
    """
    try:
        yield
    except partwise.IncompleteOutputError:
        pass
    except partwise.InvalidOutputError as error:
        refusal = error.__cause__
        if not isinstance(refusal, ValidationError):
            raise
        error.__cause__ = None  # or each would be the other's
        raise refusal from error


def _make_field_optional(field: FieldInfo) -> tuple[Any, FieldInfo]:
    """The field's type or None, and a copy of the field that may be left out."""
    optional = copy(field)
    annotation: Any = Optional[field.annotation]  # noqa: UP045 - a type made at run time
    optional.annotation = annotation
    optional.default, optional.default_factory = None, None
    return annotation, optional
