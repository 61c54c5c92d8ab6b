"""Images, sounds and documents as parts of a message."""

from . import multimodal

__all__ = ["multimodal"]
