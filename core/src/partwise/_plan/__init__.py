"""A response type, compiled once: how each of its values is shown and validated."""
