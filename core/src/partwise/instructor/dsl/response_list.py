"""Left out: importing it names the replacement."""

raise ImportError(
    "partwise has no instructor.dsl.response_list: use create_with_completion, for the raw answer"
)
