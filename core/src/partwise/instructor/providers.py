"""Left out: importing it says what to use."""

raise ImportError('partwise has no instructor.providers: use from_provider("…")')
