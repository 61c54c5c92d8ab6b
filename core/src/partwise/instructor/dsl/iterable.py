"""`IterableModel(M)`: a model of a list of M."""

from __future__ import annotations

from pydantic import BaseModel, Field, create_model

from .._left_out import refusal

__all__ = ["IterableModel"]

__getattr__ = refusal(__name__, {"IterableBase": "response_model=Iterable[M]"})


def IterableModel(  # noqa: N802 - Instructor's own name
    subtask_class: type[BaseModel], name: str | None = None, description: str | None = None
) -> type[BaseModel]:
    """A model whose field `tasks` is a list of the given model."""
    task = name or subtask_class.__name__
    made: type[BaseModel] = create_model(
        f"Iterable{task}",
        tasks=(list[subtask_class], Field(default_factory=list)),  # type: ignore[valid-type]
    )
    made.__doc__ = description or f"A list of {task}."
    return made
