"""Left out: importing it says what to use."""

raise ImportError("partwise has no instructor.processing.response: use create(response_model=…)")
