"""Text to JSON events: an incremental parser. Knows nothing of pydantic or of vendors."""
