"""Provider plugins: their protocol, how they are found, and helpers for them."""
