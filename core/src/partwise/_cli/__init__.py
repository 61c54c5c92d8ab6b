"""The command line: `pip install 'partwise[cli]'`. Nothing else of partwise loads it.

Each command is a thin layer over the public functions. `run` turns every error into one line on
standard error and an exit code:

    0    done
    1    carried out, and the result is bad: an invalid answer, a failed check
    2    can't be done as asked: a wrong argument, no such provider, a key or a package missing
    3    the vendor, or the way to it, failed
    130  interrupted
"""

from .app import run

__all__ = ["run"]
