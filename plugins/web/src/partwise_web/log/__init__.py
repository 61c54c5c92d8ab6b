"""The log: an answer that outlives its connections, and its worker.

    await write(stream, log, "answer-1")                      the worker: talks to the vendor
    stream = follow(log, "answer-1", Meeting)                 a server: any number of readers

The text of the answer is logged, and the marks of its attempts. A snapshot depends on the text
alone, so each reader rebuilds the first one's snapshots, whenever it comes.
"""

from ._contract import Entry, Log
from ._follow import follow
from ._memory import MemoryLog
from ._write import write

__all__ = ["Entry", "Log", "MemoryLog", "follow", "write"]
