"""Left out: importing it says what to use."""

raise ImportError(
    "partwise has no instructor.distil: use partwise.Hooks, to write down calls and answers"
)
