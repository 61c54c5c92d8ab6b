"""Left out: importing it says what to use."""

raise ImportError("partwise has no instructor.cli: use the command partwise, or partwise bulk")
