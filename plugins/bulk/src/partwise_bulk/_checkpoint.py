"""Outcomes in a SQLite file, so that what is done is not asked again.

A row's outcome is committed before anybody sees it. SQLite's write-ahead log keeps a commit when
the process is killed at any moment, since the operating system has the bytes; only a machine that
loses its power may lose the last few. One run at a time has the file.

Rows with the same fingerprint are told apart by their order: the second of them in a run is the
second of them in the next.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from partwise import ConfigurationError, Usage

from ._errors import to_record

if TYPE_CHECKING:
    from ._outcome import Outcome

_APPLICATION: Final = 0x70776231
"""Tells the file from any other that SQLite wrote: `pwb1`."""

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS outcomes (
    fingerprint BLOB NOT NULL,
    nth INTEGER NOT NULL,
    key TEXT NOT NULL,
    final INTEGER NOT NULL,
    text TEXT NOT NULL,
    error TEXT,
    attempts INTEGER NOT NULL,
    usage TEXT,
    cost TEXT,
    seconds REAL NOT NULL,
    PRIMARY KEY (fingerprint, nth)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TEMP TABLE seen (fingerprint BLOB PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(slots=True)
class Kept:
    """What the checkpoint has of a row: the fields of an `Outcome`, its error as a record."""

    final: bool
    text: str
    error: dict[str, Any] | None
    attempts: int
    usage: Usage | None
    cost: Decimal | None
    seconds: float


class Checkpoint:
    """A checkpoint file, opened for one run; made if there is none.

    Raises:
        ConfigurationError: another run has it open, or it is not a checkpoint.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._connection = sqlite3.connect(
            self.path, timeout=0.2, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._connection.close()
            raise self._unusable(error) from error
        except ConfigurationError:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        run = self._connection.execute
        # The file's lock is held until the connection is closed, or the process is gone.
        run("PRAGMA locking_mode = EXCLUSIVE")
        (application,) = run("PRAGMA application_id").fetchone()
        (tables,) = run("SELECT count(*) FROM sqlite_master").fetchone()
        if application != _APPLICATION and tables:
            raise ConfigurationError(f"{self.path} is a database of something else")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        run(f"PRAGMA application_id = {_APPLICATION}")
        self._connection.executescript(_TABLES)

    def _unusable(self, error: sqlite3.Error) -> ConfigurationError:
        if "locked" in str(error):
            return ConfigurationError(f"another run has the checkpoint {self.path} open")
        return ConfigurationError(f"{self.path} can't be used as a checkpoint: {error}")

    def claim(self, fingerprint: bytes) -> int:
        """Which of the rows with that fingerprint this one is, from 1."""
        (nth,) = self._connection.execute(
            "INSERT INTO seen VALUES (?, 1) "
            "ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count",
            (fingerprint,),
        ).fetchone()
        return int(nth)

    def get(self, fingerprint: bytes, nth: int) -> Kept | None:
        """What is kept of a row, or None."""
        found = self._connection.execute(
            "SELECT final, text, error, attempts, usage, cost, seconds FROM outcomes "
            "WHERE fingerprint = ? AND nth = ?",
            (fingerprint, nth),
        ).fetchone()
        if found is None:
            return None
        final, text, error, attempts, usage, cost, seconds = found
        return Kept(
            final=bool(final),
            text=text,
            error=json.loads(error) if error else None,
            attempts=attempts,
            usage=Usage(**json.loads(usage)) if usage else None,
            cost=Decimal(cost) if cost else None,
            seconds=seconds,
        )

    def put(self, fingerprint: bytes, nth: int, outcome: Outcome[Any]) -> None:
        """Keep an outcome. It is committed on return."""
        error = None if outcome.error is None else json.dumps(to_record(outcome.error))
        usage = None if outcome.usage is None else json.dumps(asdict(outcome.usage))
        self._connection.execute(
            "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                fingerprint,
                nth,
                str(outcome.key).encode(errors="replace").decode(),
                outcome.final,
                outcome.text,
                error,
                outcome.attempts,
                usage,
                None if outcome.cost is None else str(outcome.cost),
                outcome.seconds,
            ),
        )

    def note(self, name: str, value: str) -> None:
        """Keep a word about the run itself."""
        self._connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def noted(self, name: str) -> str | None:
        """What was kept under that name, or None."""
        found = self._connection.execute(
            "SELECT value FROM notes WHERE name = ?", (name,)
        ).fetchone()
        return found[0] if found else None

    def forget_note(self, name: str) -> None:
        """Keep it no longer."""
        self._connection.execute("DELETE FROM notes WHERE name = ?", (name,))

    def close(self) -> None:
        """Let go of the file."""
        with suppress(sqlite3.Error):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
