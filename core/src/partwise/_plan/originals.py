"""The mark on a partial class by which its original is known."""

from __future__ import annotations

from typing import Any, Final

ORIGINAL: Final = "__partwise_original__"
"""The attribute of a partial class that holds the class that it is a part of."""


def original_of(partial: type) -> Any:
    """M, of `Partial[M]`; any other class itself."""
    return vars(partial).get(ORIGINAL, partial)
