"""JSON schemas put into vendors' dialects."""
