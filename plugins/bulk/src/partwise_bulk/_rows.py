"""Rows, from whatever holds them: an iterable, a file, a directory, a data frame.

A source is read in small batches, never as a whole. What can't be read in it, like a line that is
not JSON, is a row with an error, and the rows after it are read on.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import time
import zlib
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

from partwise import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Rows: TypeAlias = Iterable[Any] | AsyncIterable[Any] | str | Path
"""An iterable, async or not; or the path of a JSONL, CSV or parquet file, or of a directory."""

KeyOf: TypeAlias = str | Callable[[Any], Any]
"""The name of a column, or a function of the row."""

_BATCH: Final = 256
_BATCH_SECONDS: Final = 0.005
"""A slow source is not waited for until a batch is full."""

_LONGEST_FIELD: Final = 2**31 - 1
"""Of a CSV file, in characters: the most that a C long has everywhere."""
_ESCAPED: Final = re.compile("[\ud800-\udfff]")

_UNREADABLE: Final = (OSError, EOFError, ValueError, zlib.error)
"""Raised by a file that is broken; Arrow's errors are these, too."""

JSON_LINES: Final = frozenset({".jsonl", ".ndjson"})
_SEPARATORS: Final = {".csv": ",", ".tsv": "\t"}
PARQUET: Final = frozenset({".parquet", ".pq"})
_DATA: Final = JSON_LINES | _SEPARATORS.keys() | PARQUET


@dataclass(slots=True)
class Row:
    """A row, and where it is.

    Attributes:
        index: its number in the source, from 0.
        key: the caller's key for it; the index, or a file's path, if there is none.
        content: the row itself.
        error: why it can't be used, or None.
        named: whether the caller gave the key.
    """

    index: int
    key: Any
    content: Any
    error: Exception | None = None
    named: bool = False


@dataclass(slots=True)
class Unreadable:
    """The replacement of a row that can't be read."""

    content: Any
    error: Exception


class Source:
    """Rows in batches.

    Attributes:
        total: how many there are, if that can be said without reading them.

    Raises:
        ConfigurationError: there is no such file, or nothing that rows can be read from.
    """

    def __init__(self, rows: Rows, key: KeyOf | None = None) -> None:
        self._key = key
        self._index = 0
        self._async: AsyncIterator[Any] | None = None
        self._iterator: Iterator[Any] = iter(())
        self.total, self.is_finite = _size_of(rows)
        if isinstance(rows, AsyncIterable):
            self._async = aiter(rows)
        elif isinstance(rows, str | Path):
            self._iterator = _read_path(Path(rows))
        else:
            self._iterator = _rows_in(rows)

    @property
    def is_async(self) -> bool:
        return self._async is not None

    def next_batch(self) -> list[Row]:
        """The next rows of a source that is not async; none at its end.

        Raises:
            Exception: the source's own, once the rows before it were given.
        """
        batch: list[Row] = []
        end = time.monotonic() + _BATCH_SECONDS
        try:
            for content in self._iterator:
                batch.append(self._row(content))
                if len(batch) == _BATCH or time.monotonic() > end:
                    break
        except Exception as error:
            if not batch:
                raise
            self._iterator = _raising(error)
        return batch

    async def anext_batch(self) -> list[Row]:
        """The next row of an async source; none at its end."""
        assert self._async is not None  # noqa: S101 - the caller has asked
        try:
            return [self._row(await anext(self._async))]
        except StopAsyncIteration:
            return []

    def _row(self, content: Any) -> Row:
        index, self._index = self._index, self._index + 1
        if isinstance(content, Unreadable):
            return Row(index, index, content.content, content.error)
        if self._key is None:
            path = content.get("path") if isinstance(content, _Document) else None
            return Row(index, index if path is None else path, content, named=path is not None)
        try:
            key = self._key(content) if callable(self._key) else content[self._key]
        except Exception as error:  # noqa: BLE001 - it is the caller's function, and the row's fault
            told = ConfigurationError(f"row {index} has no key: {type(error).__name__}: {error}")
            told.__cause__ = error
            return Row(index, index, content, told)
        return Row(index, key, content, named=True)


def _raising(error: Exception) -> Iterator[Any]:
    raise error
    yield


class _Document(dict[str, Any]):
    """A file of a directory: its `path` in it, and its `text`, or `data` if that is not UTF-8."""


def _size_of(rows: Rows) -> tuple[int | None, bool]:
    """How many rows there are, if that is known, and whether they come to an end at all."""
    if isinstance(rows, str | Path):
        return None, True
    if isinstance(rows, Sized):
        return len(rows), True
    return None, False


def count_rows(rows: Rows) -> int | None:
    """How many rows a file or directory has, at the cost of a look through it; else None."""
    if not isinstance(rows, str | Path):
        return len(rows) if isinstance(rows, Sized) else None
    try:
        return _count_path(Path(rows))
    except _UNREADABLE:  # it is said when the rows are read
        return None


def _count_path(path: Path) -> int:
    if path.is_dir():
        files = _files(path)
        counts = map(_count_file, files)
        return sum(counts) if _is_data_set(files) else len(files)
    return _count_file(path)


def _count_file(path: Path) -> int:
    kind = _kind(path)
    if kind in PARQUET:
        return int(_parquet().ParquetFile(path).metadata.num_rows)
    with _open_bytes(path) as file:
        lines = sum(1 for line in file if not line.isspace())
    return max(0, lines - (kind in _SEPARATORS))


def _rows_in(rows: Any) -> Iterator[Any]:
    if hasattr(rows, "iter_rows"):  # polars
        return iter(rows.iter_rows(named=True))
    if hasattr(rows, "itertuples"):  # pandas
        names = list(rows.columns)
        tuples = rows.itertuples(index=False, name=None)
        return (dict(zip(names, values, strict=True)) for values in tuples)
    if hasattr(rows, "to_batches"):  # pyarrow
        return (row for batch in rows.to_batches() for row in batch.to_pylist())
    if isinstance(rows, Iterable) and not isinstance(rows, bytes | Mapping):
        return iter(rows)
    raise ConfigurationError(
        f"no rows can be read from {type(rows).__name__}: pass an iterable of rows, or the path "
        "of a JSONL, CSV or parquet file or of a directory"
    )


def _read_path(path: Path) -> Iterator[Any]:
    if path.is_dir():
        files = _files(path)
        if _is_data_set(files):
            return (row for file in files for row in _read_file(file))
        return (_document(path, file) for file in files)
    if not path.is_file():
        raise ConfigurationError(f"there is no file {path} to read rows from")
    return _read_file(path)


def _files(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if not _is_hidden(path.relative_to(folder)))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _is_data_set(files: list[Path]) -> bool:
    return bool(files) and all(_kind(path) in _DATA for path in files)


def _document(folder: Path, path: Path) -> _Document | Unreadable:
    name = path.relative_to(folder).as_posix()
    try:
        data = path.read_bytes()
    except OSError as error:
        return Unreadable({"path": name}, ConfigurationError(f"{name} can't be read: {error}"))
    try:
        return _Document(path=name, text=data.decode())
    except UnicodeDecodeError:
        return _Document(path=name, data=data)


def _kind(path: Path) -> str:
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()


def _read_file(path: Path) -> Iterator[Any]:
    kind = _kind(path)
    if kind in JSON_LINES:
        return _readable(_read_json_lines(path), path)
    if kind in _SEPARATORS:
        return _readable(_read_csv(path, _SEPARATORS[kind]), path)
    if kind in PARQUET:
        return _readable(_read_parquet(path), path)
    known = ", ".join(sorted(_DATA))
    raise ConfigurationError(f"rows can't be read from {path.name}: it has to be one of {known}")


def _readable(rows: Iterator[Any], path: Path) -> Iterator[Any]:
    try:
        yield from rows
    except _UNREADABLE as error:
        raise ConfigurationError(f"{path.name} can't be read: {error}") from error


def _open_bytes(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _open_text(path: Path) -> IO[str]:
    # A byte order mark, as spreadsheets write it, is not a part of the first row.
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="")
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def _read_json_lines(path: Path) -> Iterator[Any]:
    with _open_bytes(path) as file:
        for number, line in enumerate(file, start=1):
            # Only here, since bytes that are not UTF-8 are one line's trouble.
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if text.strip():
                yield _parsed(path, number, text)


def _parsed(path: Path, number: int, line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        told = ConfigurationError(f"line {number} of {path.name} is not JSON: {error}")
        return Unreadable(line.decode(errors="replace").rstrip("\r\n"), told)


def _read_csv(path: Path, separator: str) -> Iterator[Any]:
    # The limit is for the whole process; documents are longer than its 131,072 characters.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))
    with _open_text(path) as file:
        lines = _Lines(file)
        reader = csv.DictReader(lines, delimiter=separator)
        names = reader.fieldnames or ()
        _check_header(names, path)
        try:
            for values in reader:
                is_cut = lines.have_ended  # a row that is whole is given before that
                told = "opens a quote that is not closed" if is_cut else None
                told = told or _fault_in(values, len(names))
                where = f"line {reader.line_num} of {path.name}"
                yield Unreadable(values, ConfigurationError(f"{where} {told}")) if told else values
        except csv.Error as error:
            where = f"line {reader.line_num} of {path.name}"
            raise ConfigurationError(f"{where} can't be read: {error}") from error


def _check_header(names: Sequence[str], path: Path) -> None:
    # In UTF-16 each second byte is null.
    if any(_ESCAPED.search(name) or "\0" in name for name in names):
        told = f"the first line of {path.name} is not UTF-8: save the file as UTF-8"
        raise ConfigurationError(told)
    if len(set(names)) < len(names):
        raise ConfigurationError(f"{path.name} has two columns of the same name")


class _Lines:
    """The lines of a file.

    Attributes:
        have_ended: whether one more was asked for than there are.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.have_ended = False

    def __iter__(self) -> Iterator[str]:
        yield from self._file
        self.have_ended = True


def _fault_in(values: Mapping[Any, Any], columns: int) -> str | None:
    if None in values or None in values.values():
        return f"does not have {columns} columns"
    # So Python reads bytes that are not UTF-8, if told to go on (PEP 383).
    is_text = not any(_ESCAPED.search(value) for value in values.values())
    return None if is_text else "is not UTF-8"


def _read_parquet(path: Path) -> Iterator[Any]:
    with _parquet().ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_BATCH):
            yield from _rows_of(batch, path)


def _rows_of(batch: Any, path: Path) -> list[Any]:
    try:
        rows: list[Any] = batch.to_pylist()
    except ValueError:  # Python has no such value, as of a time with nanoseconds
        return [_row_of(batch, number, path) for number in range(batch.num_rows)]
    return rows


def _row_of(batch: Any, number: int, path: Path) -> Any:
    try:
        return batch.slice(number, 1).to_pylist()[0]
    except ValueError as error:
        told = f"a row of {path.name} can't be read: {error}"
        return Unreadable(None, ConfigurationError(told))


def _parquet() -> Any:
    try:
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        told = "parquet files need another package: pip install 'partwise-bulk[parquet]'"
        raise ConfigurationError(told) from error
    return parquet
