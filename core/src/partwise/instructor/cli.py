"""Left out: importing it names the replacement."""

raise ImportError("partwise has no instructor.cli: use the command partwise, or partwise bulk")
