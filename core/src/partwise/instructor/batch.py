"""Left out: importing it names the replacement."""

raise ImportError("partwise has no instructor.batch: use partwise_bulk.extract(..., via='batch')")
