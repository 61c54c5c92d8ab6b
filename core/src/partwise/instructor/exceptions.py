"""`instructor.exceptions`: the same as `instructor.core.exceptions`."""

from .core.exceptions import *  # noqa: F403
