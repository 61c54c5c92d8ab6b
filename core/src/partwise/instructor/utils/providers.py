"""Left out: importing it names the replacement."""

raise ImportError("partwise has no instructor.utils.providers: use partwise.installed_providers()")
