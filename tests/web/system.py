"""Programs of the system that tests talk to: installed if they are missing and this is root."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


def program(name: str) -> str:
    """The path of a program whose Debian package has its name.

    Without it, and without root or Debian's packages, the test is skipped.
    """
    with alone(name):
        if shutil.which(name) is None and os.geteuid() == 0 and shutil.which("apt-get"):
            install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", name]
            for command in (["apt-get", "update", "-qq"], install):
                subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here, and no root to install it: apt install {name}")
    return found


@contextmanager
def alone(name: str) -> Iterator[None]:
    """One process of the test run at a time."""
    path = Path(tempfile.gettempdir()) / f"partwise-tests-{name}.lock"
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
