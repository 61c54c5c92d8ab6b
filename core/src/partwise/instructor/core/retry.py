"""Left out: importing it names the replacement."""

raise ImportError("partwise has no instructor.core.retry: use max_retries=, a number or a policy")
