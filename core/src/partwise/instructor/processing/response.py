"""Left out: importing it names the replacement."""

raise ImportError("partwise has no instructor.processing.response: use create(response_model=…)")
