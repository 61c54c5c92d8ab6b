"""`instructor.auto_client`: the function that makes a client by a provider's name."""

from .client import from_provider

__all__ = ["from_provider"]
