"""Left out: importing it says what to use."""

raise ImportError("partwise has no instructor.utils.providers: use partwise.installed_providers()")
