"""What a provider plugin is, how it is found, and what it is helped with."""
