"""Outcomes in a SQLite file, so that finished rows are not asked again.

A row's outcome is committed before anybody sees it. SQLite's write-ahead log keeps a commit when
the process is killed at any moment, since the operating system has the bytes; only a machine that
loses its power may lose the last few. One run at a time has the file.

Rows with the same fingerprint are told apart by their order: the second of them in a run is the
second of them in the next.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from partwise import ConfigurationError, PartwiseError, Usage

from ._errors import to_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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
CREATE TABLE IF NOT EXISTS batches (
    token TEXT PRIMARY KEY,
    id TEXT,
    size INTEGER NOT NULL,
    created REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batch_rows (
    fingerprint BLOB NOT NULL,
    nth INTEGER NOT NULL,
    key TEXT NOT NULL,
    token TEXT NOT NULL,
    PRIMARY KEY (fingerprint, nth)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TEMP TABLE seen (fingerprint BLOB PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
"""


_ROOM: Final = (
    ": see whether the disk or a quota is full, make room, and run the same command again; rows "
    "that have finished are not asked again"
)
_WAYS_OUT: Final = {
    sqlite3.SQLITE_FULL: _ROOM,
    sqlite3.SQLITE_IOERR: _ROOM,
    sqlite3.SQLITE_NOTADB: ": name another file, which is made if it is not there",
    sqlite3.SQLITE_CORRUPT: (
        ": the file is damaged; go on with a copy of it, or with what the command `.recover` of "
        "the sqlite3 shell saves of it"
    ),
}
"""Advice for each kind of SQLite's errors."""


@dataclass(slots=True)
class Kept:
    """The checkpoint's entry of a row: the fields of an `Outcome`, its error as a record."""

    final: bool
    text: str
    error: dict[str, Any] | None
    attempts: int
    usage: Usage | None
    cost: Decimal | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch at a vendor's.

    Attributes:
        token: our own name for it.
        id: the vendor's; None if it is not known whether the vendor has taken it.
        size: how many requests it has.
        created: seconds since 1970, before it was submitted.
    """

    token: str
    id: str | None
    size: int
    created: float


class Checkpoint:
    """A checkpoint file, opened for one run; made if there is none.

    Raises:
        ConfigurationError: another run has it open, or it is not a checkpoint of this version.
        PartwiseError: from any method: it can't be read or written, as on a full disk.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self._connection = sqlite3.connect(
                self.path, timeout=0.2, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise self._unusable(error) from error
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
        found = _tables_of(self._connection)
        if found:
            self._check_version(application, found)
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        run(f"PRAGMA application_id = {_APPLICATION}")
        self._connection.executescript(_TABLES)

    def _check_version(self, application: int, found: Mapping[str, Sequence[str]]) -> None:
        if application >> 8 != _APPLICATION >> 8:  # but for the digit at its end
            raise ConfigurationError(
                f"{self.path} is a database of something else: name another file for the checkpoint"
            )
        if application != _APPLICATION or found != _own_tables():
            raise ConfigurationError(
                f"the checkpoint {self.path} was written by another version of partwise-bulk: go "
                "on with that version, or name another file"
            )

    def _unusable(self, error: sqlite3.Error) -> ConfigurationError:
        if "locked" in str(error):
            return ConfigurationError(f"another run has the checkpoint {self.path} open")
        told = _explained(error, self.path)
        return ConfigurationError(f"{self.path} can't be used as a checkpoint: {told}")

    def _run(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            told = _explained(error, self.path)
            raise PartwiseError(f"the checkpoint {self.path} can't be used: {told}") from error

    def claim(self, fingerprint: bytes) -> int:
        """Which of the rows with that fingerprint this one is, from 1."""
        (nth,) = self._run(
            "INSERT INTO seen VALUES (?, 1) "
            "ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count",
            (fingerprint,),
        ).fetchone()
        return int(nth)

    def get(self, fingerprint: bytes, nth: int) -> Kept | None:
        """The kept entry of a row, or None."""
        found = self._run(
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
        self._run(
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

    # Batches ------------------------------------------------------------------------------------

    def begin_batch(self, token: str, rows: Iterable[tuple[bytes, int, str]], now: float) -> None:
        """These rows are about to be submitted together."""
        rows = list(rows)
        with self._transaction():
            run = self._run
            run("INSERT INTO batches VALUES (?, NULL, ?, ?)", (token, len(rows), now))
            self._connection.executemany(
                "INSERT OR REPLACE INTO batch_rows VALUES (?, ?, ?, ?)",
                ((fingerprint, nth, key, token) for fingerprint, nth, key in rows),
            )

    def name_batch(self, token: str, id_: str) -> None:
        """The vendor has taken the batch, under that id."""
        self._run("UPDATE batches SET id = ? WHERE token = ?", (id_, token))

    def batches(self) -> list[Batch]:
        """Those that are not over."""
        found = self._run("SELECT token, id, size, created FROM batches")
        return [Batch(*each) for each in found]

    def key_in_batch(self, fingerprint: bytes, nth: int) -> str | None:
        """The key of a row that is in a batch, or None."""
        found = self._run(
            "SELECT key FROM batch_rows WHERE fingerprint = ? AND nth = ?", (fingerprint, nth)
        ).fetchone()
        return found[0] if found else None

    def leave_batch(self, fingerprint: bytes, nth: int, outcome: Outcome[Any]) -> None:
        """A row of a batch has its outcome, which is kept."""
        with self._transaction():
            self.put(fingerprint, nth, outcome)
            self._run(
                "DELETE FROM batch_rows WHERE fingerprint = ? AND nth = ?", (fingerprint, nth)
            )

    def rows_in_batch(self, token: str) -> list[tuple[bytes, int, str]]:
        """The rows that have no outcome yet: fingerprint, number, key."""
        return self._run(
            "SELECT fingerprint, nth, key FROM batch_rows WHERE token = ?", (token,)
        ).fetchall()

    def end_batch(self, token: str) -> None:
        """The batch is over. Rows of it that have no outcome may be asked again."""
        with self._transaction():
            self._run("DELETE FROM batches WHERE token = ?", (token,))
            self._run("DELETE FROM batch_rows WHERE token = ?", (token,))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._run("BEGIN")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):  # a full disk has rolled it back
                self._connection.execute("ROLLBACK")
            raise
        self._run("COMMIT")

    # Notes --------------------------------------------------------------------------------------

    def note(self, name: str, value: str) -> None:
        """Keep a word about the run itself."""
        self._run("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def noted(self, name: str) -> str | None:
        """The value kept under that name, or None."""
        found = self._run("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return found[0] if found else None

    def close(self) -> None:
        """Let go of the file."""
        with suppress(sqlite3.Error):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _tables_of(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """The columns of each table of a file."""
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "SELECT tables.name, columns.name FROM main.sqlite_master AS tables "
        "JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'"
    ):
        found.setdefault(table, []).append(column)
    return found


@cache
def _own_tables() -> dict[str, list[str]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(_TABLES)
        return _tables_of(connection)


def _explained(error: sqlite3.Error, path: Path) -> str:
    """SQLite's message, with its cause and a way out if they can be seen.

    Its own are as short as "disk I/O error" for a file that is read-only.
    """
    folder = path.absolute().parent
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # its lowest byte is the kind
    # `Path.is_dir` raises for a folder that this user may not look into.
    if os.path.isdir(path):  # noqa: PTH112
        return "it is a directory: name a file in it"
    if not os.path.isdir(folder):  # noqa: PTH112
        return f"there is no folder {folder}: make it first"
    if not os.access(folder, os.W_OK | os.X_OK):
        return (
            f"this user may not write to the folder {folder}, in which SQLite keeps its log beside "
            "the file: grant it, or name a file elsewhere"
        )
    if os.access(path, os.F_OK) and not os.access(path, os.R_OK | os.W_OK):
        return "this user may not write to the file: grant it, or go on with a copy"
    return f"{error}{_WAYS_OUT.get(code, '')}"
