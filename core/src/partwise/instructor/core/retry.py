"""Left out: importing it says what to use."""

raise ImportError("partwise has no instructor.core.retry: use max_retries=, a number or a policy")
