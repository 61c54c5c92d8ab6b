"""Left out: importing it names the replacement."""

raise ImportError(
    "partwise has no instructor.distil: use partwise.Hooks, to write down calls and answers"
)
