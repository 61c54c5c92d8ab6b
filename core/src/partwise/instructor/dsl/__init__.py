"""Classes and functions for response models."""

from .._left_out import refusal
from . import partial
from .citation import CitationMixin
from .iterable import IterableModel
from .maybe import Maybe
from .partial import Partial

__all__ = ["CitationMixin", "IterableModel", "Maybe", "Partial", "partial"]

__getattr__ = refusal(
    __name__,
    {
        "ListResponse": "create_with_completion, for the raw answer beside the list",
        "ResponseList": "create_with_completion, for the raw answer beside the list",
    },
    "ModelAdapter is_simple_type",
    otherwise="response_model=int, or any other type, as it is",
)
