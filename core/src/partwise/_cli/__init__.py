"""The command line: `pip install 'partwise[cli]'`. Nothing else of partwise loads it.

Each command is a thin layer over what a program would call too. `run` turns whatever goes wrong
into one line on standard error and an exit code that tells whose turn it is:

    0    done
    1    carried out, and the result is bad: an answer that is none, a statement that fails
    2    can't be done as asked: a wrong argument, no such provider, a key or a package missing
    3    the vendor, or the way to it, failed
    130  interrupted
"""

from .app import run

__all__ = ["run"]
