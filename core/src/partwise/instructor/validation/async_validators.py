"""Left out: importing it names the replacement."""

raise ImportError(
    "partwise has no instructor.validation.async_validators: use a check after the call, which may "
    "await, or a validator of pydantic's that does not"
)
