from __future__ import annotations

import csv
import errno
import gzip
import json
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pytest
from pyarrow import parquet
from pydantic import BaseModel, Field

import partwise_bulk
from partwise import ConfigurationError, PartwiseError
from partwise_bulk._arrow import column_of
from partwise_bulk._rows import Source, count_rows

from .conftest import MODEL, Invoice, Vendor, refusal


def contents(rows: Any) -> list[Any]:
    source, found = Source(rows), []
    while batch := source.next_batch():
        found += [row.content if row.error is None else row.error for row in batch]
    return found


ROWS = [{"n": 1, "text": "é\u2028x"}, {"n": 2, "text": '"quoted",\nand cut'}]


def write_jsonl(path: Path) -> None:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\n\n")


def write_csv(path: Path, delimiter: str = ",") -> None:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, ["n", "text"], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(ROWS)


def test_json_lines(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "rows.jsonl")
    (tmp_path / "rows.ndjson.gz").write_bytes(gzip.compress((tmp_path / "rows.jsonl").read_bytes()))

    assert contents(tmp_path / "rows.jsonl") == ROWS
    assert contents(str(tmp_path / "rows.ndjson.gz")) == ROWS
    assert count_rows(tmp_path / "rows.jsonl") == 2


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ","), ("a.tsv", "\t")])
def test_csv(tmp_path: Path, name: str, delimiter: str) -> None:
    write_csv(tmp_path / name, delimiter)

    assert contents(tmp_path / name) == [{**row, "n": str(row["n"])} for row in ROWS]


def test_parquet(tmp_path: Path) -> None:
    parquet.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet")

    assert contents(tmp_path / "a.parquet") == ROWS
    assert count_rows(tmp_path / "a.parquet") == 2


def test_data_frames() -> None:
    class Pandas:
        columns = ("n", "text")

        def itertuples(self, *, index: bool, name: str | None) -> Any:
            return (tuple(row.values()) for row in ROWS)

    class Polars:
        def iter_rows(self, *, named: bool) -> Any:
            return iter(ROWS)

    assert contents(Pandas()) == ROWS
    assert contents(Polars()) == ROWS
    assert contents(pa.Table.from_pylist(ROWS)) == ROWS


def test_a_directory_of_documents(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.txt").write_text("zwei")
    (tmp_path / "one.md").write_text("eins")
    (tmp_path / "scan.png").write_bytes(b"\x89PNG")
    (tmp_path / ".hidden").write_text("x")

    source = Source(tmp_path)
    rows = [row for batch in iter(source.next_batch, []) for row in batch]

    assert [row.key for row in rows] == ["b/two.txt", "one.md", "scan.png"]
    assert rows[0].content == {"path": "b/two.txt", "text": "zwei"}
    assert rows[2].content == {"path": "scan.png", "data": b"\x89PNG"}
    assert count_rows(tmp_path) == 3


def test_a_directory_of_data(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "part-1.jsonl")
    write_jsonl(tmp_path / "part-0.jsonl")
    (tmp_path / "_SUCCESS").touch()

    assert contents(tmp_path) == ROWS * 2
    assert count_rows(tmp_path) == 4


def test_what_can_not_be_read_is_one_row(tmp_path: Path, ask: Any) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"n": 1}\n{"n": \n\xff\xfe\n{"n": 4}\n')

    outcomes = list(partwise_bulk.extract(MODEL, Invoice, path, **ask))

    assert [each.ok for each in outcomes] == [True, False, False, True]
    assert "line 2 of rows.jsonl is not JSON" in str(outcomes[1].error)
    assert outcomes[1].row == '{"n": '


def test_a_line_of_csv_with_too_few_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n,text\n1,a\n2\n3,c\n")

    found = contents(tmp_path / "a.csv")

    assert found[0] == {"n": "1", "text": "a"}
    assert "line 3 of a.csv does not have 2 columns" in str(found[1])


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").touch()

    with pytest.raises(ConfigurationError, match=r"rows can't be read from a\.xlsx"):
        Source(tmp_path / "a.xlsx")


# Outputs ----------------------------------------------------------------------------------------


def test_json_lines_of_outcomes(vendor: Vendor, ask: Any, tmp_path: Path) -> None:
    vendor.before = lambda prompt, _: refusal(400) if prompt == "row 1" else None
    path = tmp_path / "deep" / "out.jsonl"

    partwise_bulk.extract(MODEL, Invoice, [{"n": n} for n in range(3)], output=path, **ask).run()

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["key"] for line in lines] == [0, 1, 2]
    assert lines[2]["value"] == {"number": 2, "total": 1.5}
    assert lines[2]["error"] is None
    assert lines[1]["value"] is None
    assert lines[1]["error"]["type"] == "BadRequestError"
    assert lines[0]["output_tokens"] == 1
    assert lines[0]["cost"] > 0


def test_parquet_of_outcomes(vendor: Vendor, ask: Any, tmp_path: Path) -> None:
    vendor.before = lambda prompt, _: refusal(400) if prompt == "row 1" else None
    path = tmp_path / "out.parquet"

    partwise_bulk.extract(MODEL, Invoice, [{"n": n} for n in range(3)], output=path, **ask).run()

    table = parquet.read_table(path)
    assert table.schema.field("value").type == pa.struct(
        [("number", pa.int64()), ("total", pa.float64())]
    )
    assert table["value"].to_pylist() == [
        {"number": 0, "total": 1.5},
        None,
        {"number": 2, "total": 1.5},
    ]
    assert table["error"].to_pylist()[1]["type"] == "BadRequestError"
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_paid_for_is_not_overwritten(ask: Any, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("{}\n")

    with pytest.raises(ConfigurationError, match="overwrite=True"):
        partwise_bulk.extract(MODEL, Invoice, [{"n": 1}], output=path, **ask).run()

    partwise_bulk.extract(MODEL, Invoice, [{"n": 1}], output=path, overwrite=True, **ask).run()
    assert json.loads(path.read_text())["value"]["number"] == 1


class Color(Enum):
    RED = "red"


class Node(BaseModel):
    name: str
    children: list[Node] = []


class Everything(BaseModel):
    day: date
    color: Color
    kind: Literal["a", "b"]
    maybe: int | None = None
    either: int | str = 0
    lines: list[Invoice] = Field(default_factory=list)
    free: dict[str, int] = Field(default_factory=dict)
    tree: Node | None = None


def test_the_columns_of_a_model() -> None:
    column = column_of(Everything.model_json_schema(mode="serialization"))
    value = Everything(
        day=date(2026, 1, 2),
        color=Color.RED,
        kind="a",
        lines=[Invoice(number=1, total=2)],
        free={"x": 1},
        tree=Node(name="t", children=[Node(name="u")]),
    )

    row = pa.array([column.conform(value.model_dump(mode="json"))], column.type).to_pylist()[0]

    assert row == {
        "day": "2026-01-02",
        "color": "red",
        "kind": "a",
        "maybe": None,
        "either": "0",
        "lines": [{"number": 1, "total": 2.0}],
        "free": '{"x": 1}',
        "tree": {"name": "t", "children": ['{"name": "u", "children": []}']},
    }


def test_csv_that_is_not_utf_8_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"n,text\n1,\xff\xfe\n2,b\n")

    bad, good = contents(path)
    assert str(bad) == "line 2 of rows.csv is not UTF-8"
    assert good == {"n": "2", "text": "b"}


def test_csv_with_a_long_text(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("n,text\n1," + "x" * 200_000 + "\n")

    assert len(contents(path)[0]["text"]) == 200_000


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("rows.csv", b"n,n\n1,2\n", "rows.csv has two columns of the same name"),
        ("rows.csv", "n,text\n1,a\n".encode("utf-16"), "rows.csv is not UTF-8: save the file"),
        ("rows.csv", "n,text\n1,a\n".encode("utf-16-be"), "rows.csv is not UTF-8: save the file"),
        ("rows.csv", "n,prénom\n1,a\n".encode("latin-1"), "rows.csv is not UTF-8: save the file"),
        ("rows.parquet", b"PAR1 and no more", "rows.parquet can't be read: "),
        (
            "rows.jsonl.gz",
            gzip.compress(b'{"n": 1}\n', mtime=0)[:-9],
            "rows.jsonl.gz can't be read: ",
        ),
    ],
    ids=["columns", "utf-16", "utf-16-be", "latin-1", "parquet", "gzip"],
)
def test_broken_files(name: str, data: bytes, message: str, tmp_path: Path, ask: Any) -> None:
    (tmp_path / name).write_bytes(data)

    with pytest.raises(ConfigurationError, match=message):
        contents(tmp_path / name)
    # The bar that counts the rows before is not in the way.
    with pytest.raises(ConfigurationError, match=message):
        partwise_bulk.extract(MODEL, Invoice, tmp_path / name, progress=True, **ask).run()


def test_a_value_of_parquet_that_python_does_not_have(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    times = pa.array([1000, 1, None], pa.timestamp("ns"))
    parquet.write_table(pa.table({"n": [1, 2, 3], "time": times}), path)

    rows = contents(path)
    assert [row["n"] for row in rows if isinstance(row, dict)] == [1, 3]
    assert "a row of rows.parquet can't be read: " in str(rows[1])


def test_no_line_of_the_output_has_nan(ask: Any, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    rows = [{"n": float("nan")}, {"n": 1.0}]
    partwise_bulk.extract(MODEL, Invoice, rows, key="n", output=output, **ask).run()

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    lines = [json.loads(line, parse_constant=refuse) for line in output.read_text().splitlines()]
    assert [line["key"] for line in lines] == [None, 1.0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_loses_no_outcome(vendor: Vendor, ask: Any, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    output.symlink_to("/dev/full")
    found: list[Any] = []

    run = partwise_bulk.extract(MODEL, Invoice, [{"n": 1}], output=output, overwrite=True, **ask)
    with pytest.raises(
        PartwiseError, match=r"out.jsonl can't be written: .*No space left.*with checkpoint="
    ):
        found += (each.value.number for each in run)  # type: ignore[union-attr]
    assert found == [1]


def test_a_parquet_file_that_can_not_be_ended_leaves_nothing_behind(
    ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out.parquet"
    found: list[int] = []

    def fail(_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    run = partwise_bulk.extract(
        MODEL, Invoice, [{"n": 1}], output=output, checkpoint=tmp_path / "c.db", **ask
    )
    monkeypatch.setattr(parquet.ParquetWriter, "close", fail)
    told = r"out.parquet can't be written: .*No space left.*the same command again"
    with pytest.raises(PartwiseError, match=told):
        found += (each.value.number for each in run)  # type: ignore[union-attr]

    assert found == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["c.db"]


def test_a_quote_that_nobody_closes_takes_no_row_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('n,text\n1,"a ""b"", c\nd"\n2,"open\n3,c\n')

    good, bad = contents(path)
    assert good == {"n": "1", "text": 'a "b", c\nd'}
    assert str(bad) == "line 5 of rows.csv opens a quote that is not closed"


def test_the_last_line_of_csv_needs_no_end(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('n,text\n1,"a"')

    assert contents(path) == [{"n": "1", "text": "a"}]


@pytest.mark.parametrize("name", ["output", "checkpoint"])
def test_the_rows_are_not_written_over(ask: Any, tmp_path: Path, name: str) -> None:
    rows = tmp_path / "rows" / "a.jsonl"
    rows.parent.mkdir()
    rows.write_text('{"n": 1}\n')
    keywords: dict[str, Any] = {"overwrite": True, **ask}

    keywords[name] = tmp_path / "rows" / "." / "a.jsonl"
    with pytest.raises(ConfigurationError, match="are the same file"):
        partwise_bulk.extract(MODEL, Invoice, rows, **keywords).run()
    keywords[name] = tmp_path / "rows" / "b.jsonl"
    with pytest.raises(ConfigurationError, match=f"{name} is in the directory"):
        partwise_bulk.extract(MODEL, Invoice, rows.parent, **keywords).run()

    assert rows.read_text() == '{"n": 1}\n'


def test_text_that_is_no_unicode_is_its_rows_own_trouble(ask: Any, tmp_path: Path) -> None:
    rows = [{"n": 1, "k": "\ud800"}, {"n": "\udfff", "k": "b"}, {"n": 3, "k": "c"}]
    output = tmp_path / "out.jsonl"
    keep = {**ask, "key": "k", "checkpoint": tmp_path / "c.db", "output": output}

    first = list(partwise_bulk.extract(MODEL, Invoice, rows, **keep))
    second = list(partwise_bulk.extract(MODEL, Invoice, rows, **keep))

    assert [each.ok for each in first] == [True, False, True]
    assert "can't be sent" in str(first[1].error)
    assert [each.resumed for each in second] == [True, False, True]
    assert len(output.read_text().splitlines()) == 3


def test_no_messages_are_no_prompt(ask: Any) -> None:
    (outcome,) = partwise_bulk.extract(
        MODEL, Invoice, [{"messages": []}], **{**ask, "prompt": None}
    )

    assert "got an empty list" in str(outcome.error)
