"""Parameters of the user's that a model does not take, left out of its requests."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, Final

_log: Final = logging.getLogger("partwise")


def leave_out(options: Mapping[str, Any], names: Collection[str], *, model: str) -> dict[str, Any]:
    """The options without these names, each of which is logged once for the model.

    Args:
        options: the user's, by the names that the vendor has for them.
        names: those that the model does not take, or has refused.
        model: the vendor's name of the model, for the log.
    """
    for name in options:
        if name in names:
            warn_once(model, name)
    return {name: value for name, value in options.items() if name not in names}


@lru_cache(maxsize=1024)
def warn_once(model: str, name: str) -> None:
    """Log it once in a process: a job of many calls would say it as often."""
    _log.warning("%s does not take %s: it is left out", model, name)
