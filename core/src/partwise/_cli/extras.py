"""Packages that a command needs beyond the extra `cli`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def needing(distribution: str) -> Iterator[None]:
    """Report a failed import of that distribution's package in the body.

    Raises:
        click.UsageError: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != distribution.replace("-", "_"):
            raise
        message = f"this command needs another package: pip install {distribution}."
        raise click.UsageError(message) from error
