"""Conditions whose flip changes nothing that can be told from outside, with the reason."""

from __future__ import annotations

from typing import Final

EQUIVALENT: Final[dict[tuple[str, str, str], str]] = {}
"""By the module, the function and the condition as it is."""
