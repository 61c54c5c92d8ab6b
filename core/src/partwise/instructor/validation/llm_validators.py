"""`instructor.validation.llm_validators`."""

from ..client import Instructor
from . import Validator, llm_validator, openai_moderation

__all__ = ["Instructor", "Validator", "llm_validator", "openai_moderation"]
