"""What response models are written with."""

from . import partial
from .citation import CitationMixin
from .iterable import IterableModel
from .maybe import Maybe
from .partial import Partial

__all__ = ["CitationMixin", "IterableModel", "Maybe", "Partial", "partial"]
