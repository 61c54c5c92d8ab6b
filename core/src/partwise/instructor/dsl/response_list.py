"""Left out: importing it says what to use."""

raise ImportError(
    "partwise has no instructor.dsl.response_list: use create_with_completion, for the raw answer"
)
