"""Left out: importing it says what to use."""

raise ImportError("partwise has no instructor.models: use a plain str for the name of a model")
