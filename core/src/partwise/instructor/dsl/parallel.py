"""Left out: importing it names the replacement."""

raise ImportError("partwise has no instructor.dsl.parallel: use response_model=Iterable[A | B]")
