"""`instructor.processing.validators`."""

from ..validation import Validator
from .function_calls import ResponseSchema

__all__ = ["ResponseSchema", "Validator"]
