"""`instructor.core.exceptions`: the same as `instructor.exceptions`."""

from ..exceptions import *  # noqa: F403
