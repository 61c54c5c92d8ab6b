"""Left out: importing it names the replacement."""

raise ImportError("partwise has no instructor.models: use a plain str for the name of a model")
