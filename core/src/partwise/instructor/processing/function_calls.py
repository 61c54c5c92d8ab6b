"""`OpenAISchema`: a model that tells its schema in the vendors' forms."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel

from .._left_out import refusal

__all__ = ["OpenAISchema", "ResponseSchema", "openai_schema", "response_schema"]

__getattr__ = refusal(
    __name__, {}, "classproperty normalize_mode_for_provider provider_from_mode Mode Provider"
)


class _Schema:
    """A class attribute that is made when it is read."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __get__(self, instance: Any, owner: type[BaseModel]) -> dict[str, Any]:
        return tool(owner, self._key)


class OpenAISchema(BaseModel):
    """A mixin. Any pydantic model is a response model without it.

    Attributes:
        openai_schema: a function of OpenAI's: `name`, `description`, `parameters`.
        anthropic_schema: a tool of Anthropic's, with `input_schema`.
        gemini_schema: a function of Google's.
    """

    openai_schema: ClassVar[Any] = _Schema("parameters")
    anthropic_schema: ClassVar[Any] = _Schema("input_schema")
    gemini_schema: ClassVar[Any] = _Schema("parameters")

    @classmethod
    def from_response(cls, *_: Any, **__: Any) -> Any:
        """Left out.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(
            "partwise reads streams: use create(response_model=…), or partwise.parse for a text"
        )


ResponseSchema = OpenAISchema


def openai_schema(model: type[BaseModel]) -> Any:
    """A subclass of the model that has `openai_schema`."""
    if issubclass(model, OpenAISchema):
        return model
    return type(model.__name__, (OpenAISchema, model), {"__doc__": model.__doc__})


response_schema = openai_schema


def tool(model: type[BaseModel], key: str) -> dict[str, Any]:
    """The name and the description of the model, and its schema under that key."""
    schema = model.model_json_schema()
    described = model.__doc__ or f"Correctly filled in {model.__name__}."
    return {
        "name": model.__name__,
        "description": schema.pop("description", described),
        key: schema,
    }
