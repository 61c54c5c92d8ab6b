"""Files of outcomes: one line of JSON, or one row of a parquet file, for each.

    {"key": …, "value": …, "error": null, "attempts": 1, "input_tokens": …, "output_tokens": …,
     "cost": …, "seconds": …}

A failed row has `null` for its value, and in `error` the error's `type` and `message`, with the
`text` that was received.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from pydantic_core import to_json, to_jsonable_python

from partwise import ConfigurationError, PartwiseError

from ._errors import to_record
from ._rows import JSON_LINES, PARQUET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ._outcome import Outcome

_GROUP_ROWS: Final = 10_000
"""Rows that are held until they are written as one row group of a parquet file."""

Dump = "Callable[[Any], Any]"


class Output(Protocol):
    """Where outcomes are written. Its methods raise `OSError` if they can't be."""

    path: Path

    def write(self, outcomes: Iterable[Outcome[Any]]) -> None: ...

    def close(self) -> None: ...


def open_output(
    path: str | Path,
    dump: Callable[[Any], Any],
    schema: dict[str, Any],
    *,
    may_replace: bool,
) -> Output:
    """The file, by its ending.

    Args:
        path: a name that ends in `.jsonl` or `.parquet`.
        dump: makes plain JSON data of a value.
        schema: the values' JSON schema.
        may_replace: whether a file that is there already may be replaced.

    Raises:
        ConfigurationError: it has another ending, or is there already, or can't be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in JSON_LINES | PARQUET:
        raise ConfigurationError(f"outcomes can't be written to {path}: use .jsonl or .parquet")
    if path.is_dir():
        raise ConfigurationError(f"{path} is a directory: name a file in it for the outcomes")
    if not may_replace and path.exists() and path.stat().st_size:
        raise ConfigurationError(
            f"{path} is there already, and what it has may have been paid for: pass checkpoint= "
            "to go on with a run, or overwrite=True"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if suffix in JSON_LINES:
            return JSONLinesOutput(path, dump)
        return ParquetOutput(path, dump, schema)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be written: {error}") from error


def not_written(output: Output, error: OSError, *, has_checkpoint: bool) -> PartwiseError:
    """The error of an output that can't be written, with a way out."""
    way_out = (
        "Then run the same command again: rows that have finished are not asked again"
        if has_checkpoint
        else "Outcomes so far were handed out; with checkpoint= a run can be gone on with"
    )
    return PartwiseError(f"{output.path} can't be written: {error}. {way_out}")


def record_of(outcome: Outcome[Any], dump: Callable[[Any], Any]) -> dict[str, Any]:
    """The outcome as plain JSON data."""
    usage, error = outcome.usage, outcome.error
    return {
        "key": to_jsonable_python(outcome.key, fallback=str),
        "value": None if error is not None else dump(outcome.value),
        "error": None if error is None else error_of(outcome),
        "attempts": outcome.attempts,
        "input_tokens": None if usage is None else usage.input_tokens,
        "output_tokens": None if usage is None else usage.output_tokens,
        "cost": None if outcome.cost is None else float(outcome.cost),
        "seconds": round(outcome.seconds, 3),
    }


def error_of(outcome: Outcome[Any]) -> dict[str, str]:
    """The error's type, its message, and the text that was received."""
    record = to_record(outcome.error) if outcome.error is not None else {}
    return {"type": record["type"], "message": record["message"], "text": outcome.text}


def _line(record: dict[str, Any]) -> bytes:
    try:
        return json.dumps(record, allow_nan=False).encode() + b"\n"
    except ValueError:  # NaN and the infinities are not in JSON: null, as pydantic has it
        return to_json(record, inf_nan_mode="null") + b"\n"


class JSONLinesOutput:
    """Appends a line for each outcome, and leaves no line half-written."""

    def __init__(self, path: Path, dump: Callable[[Any], Any]) -> None:
        self.path = path
        self._dump = dump
        self._file: IO[bytes] = path.open("wb")

    def write(self, outcomes: Iterable[Outcome[Any]]) -> None:
        lines = [_line(record_of(each, self._dump)) for each in outcomes]
        self._file.write(b"".join(lines))
        self._file.flush()

    def close(self) -> None:
        with suppress(OSError):  # all is written, or it was said that it can't be
            self._file.close()


class ParquetOutput:
    """Writes row groups beside the file, and puts it in place when it is closed.

    A parquet file can't be read before its end is written.
    """

    def __init__(self, path: Path, dump: Callable[[Any], Any], schema: dict[str, Any]) -> None:
        from ._arrow import OutcomeSchema

        self.path = path
        self._part = path.with_name(f"{path.name}.part")
        self._dump = dump
        self._schema = OutcomeSchema(schema)
        self._rows: list[dict[str, Any]] = []
        self._writer = self._schema.writer(self._part)

    def write(self, outcomes: Iterable[Outcome[Any]]) -> None:
        self._rows.extend(record_of(each, self._dump) for each in outcomes)
        if len(self._rows) >= _GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_batch(self._schema.batch(self._rows))
            self._rows.clear()

    def close(self) -> None:
        try:
            self._flush()
            self._writer.close()
            self._part.replace(self.path)
        except OSError:
            self._part.unlink(missing_ok=True)  # without its end nobody can read it
            raise
