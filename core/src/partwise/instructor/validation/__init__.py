"""Validators that ask a model, or OpenAI's moderation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from .._left_out import refusal
from ..exceptions import AsyncValidationError

if TYPE_CHECKING:
    from ..client import Instructor

__all__ = ["AsyncValidationError", "Validator", "llm_validator", "openai_moderation"]

__getattr__ = refusal(
    __name__,
    {},
    """ASYNC_MODEL_VALIDATOR_KEY ASYNC_VALIDATOR_KEY AsyncValidationContext async_field_validator
    async_model_validator""",
    otherwise="a check after the call, which may await, or a validator of pydantic's that does not",
)


class Validator(BaseModel):
    """A judgement of a value."""

    is_valid: bool = Field(default=True, description="Whether the value meets the requirement.")
    reason: str | None = Field(default=None, description="Why it does not, if it does not.")
    fixed_value: str | None = Field(default=None, description="The value as it should be.")


def llm_validator(
    statement: str,
    client: Instructor,
    allow_override: bool = False,  # noqa: FBT001, FBT002 - Instructor's own signature
    model: str | None = None,
    temperature: float | None = None,
) -> Callable[[str], str]:
    """A validator, for `AfterValidator` or `BeforeValidator`, that asks a model about the value.

    Args:
        statement: the requirement.
        client: asked each time.
        allow_override: whether the model's own correction takes the place of a bad value.
        model: in place of the client's own.
        temperature: passed on if given.
    """
    options = {"model": model, "temperature": temperature}
    given = {name: value for name, value in options.items() if value is not None}

    def validate(value: str) -> str:
        judgement = client.create(
            response_model=Validator,
            messages=[
                {"role": "system", "content": "Judge whether the value meets the requirement."},
                {"role": "user", "content": f"Requirement: {statement}\nValue: {value}"},
            ],
            **given,
        )
        if judgement.is_valid:
            return value
        if allow_override and judgement.fixed_value is not None:
            return str(judgement.fixed_value)
        raise ValueError(judgement.reason or f"it does not meet the requirement: {statement}")

    return validate


def openai_moderation(client: Any) -> Callable[[str], str]:
    """A validator that refuses a text that OpenAI's moderation flags.

    Args:
        client: an `openai.OpenAI`.
    """

    def validate(value: str) -> str:
        result = client.moderations.create(input=value).results[0]
        if result.flagged:
            raise ValueError(f"the text was flagged: {value!r}")
        return value

    return validate
