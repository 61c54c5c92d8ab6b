"""`instructor.utils.core`: the same as `instructor.utils`."""

from . import __getattr__, disable_pydantic_error_url

__all__ = ["__getattr__", "disable_pydantic_error_url"]
