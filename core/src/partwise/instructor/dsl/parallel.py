"""Left out: importing it says what to use."""

raise ImportError("partwise has no instructor.dsl.parallel: use response_model=Iterable[A | B]")
