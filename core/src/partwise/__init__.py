"""Typed pydantic snapshots of a language model's structured answer, while it is being written."""
