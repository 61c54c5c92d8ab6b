"""Left out: importing it names the replacement."""

raise ImportError('partwise has no instructor.providers: use from_provider("…")')
