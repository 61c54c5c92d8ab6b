"""Left out: importing it says what to use."""

raise ImportError("partwise has no instructor.batch: use partwise_bulk.extract(..., via='batch')")
