"""The command `partwise`, which is also `python -m partwise`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; without the extra `cli`, name the package to install.

    Exits with one of the codes that `docs/cli.md` lists.
    """
    try:
        import click  # noqa: F401, PLC0415 - the library is an extra, this command is not
    except ModuleNotFoundError:
        sys.stderr.write("partwise: the command line needs an extra: pip install 'partwise[cli]'\n")
        sys.exit(2)
    from ._cli import run  # noqa: PLC0415 - it needs that library

    sys.exit(run())


if __name__ == "__main__":
    main()
