"""`Maybe(M)`: an answer that may say that there is none."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel, Field, create_model

T = TypeVar("T")


class MaybeBase(BaseModel, Generic[T]):
    """The result, or the reason why there is none."""

    result: T | None = Field(default=None, description="The result, if there is one.")
    error: bool = Field(default=False)
    message: str | None = Field(
        default=None, description="Why there is no result, if there is none."
    )

    def __bool__(self) -> bool:
        return self.result is not None


def Maybe(model: type[T]) -> type[MaybeBase[T]]:  # noqa: N802 - Instructor's own name
    """A model with `result`, `error` and `message`; it is false if it has no result."""
    return create_model(f"Maybe{model.__name__}", __base__=MaybeBase[model])  # type: ignore[valid-type]
