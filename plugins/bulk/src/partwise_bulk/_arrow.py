"""Arrow types of a response model's values, inferred from its JSON schema.

Objects with named fields are structs and arrays are lists, as deep as they go; texts, numbers and
booleans are themselves, and so is each of them where it may be null. Types that Arrow lacks (a
union of several types, a free-form object, recursion) is a string of JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from partwise import ConfigurationError

try:
    import pyarrow as pa
except ModuleNotFoundError as missing:
    raise ConfigurationError(
        "parquet files need another package: pip install 'partwise-bulk[parquet]'"
    ) from missing

if TYPE_CHECKING:
    from pathlib import Path

Conform: TypeAlias = Callable[[Any], Any]

_INT64: Final = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Column:
    """A type, and the function that brings plain JSON data into its form."""

    type: Any
    conform: Conform


def column_of(schema: Mapping[str, Any]) -> Column:
    """The column for values of a JSON schema."""
    return _column(schema, schema.get("$defs", {}), ())


def _column(
    node: Mapping[str, Any], definitions: Mapping[str, Any], inside: tuple[str, ...]
) -> Column:
    if "$ref" in node:
        name = str(node["$ref"]).rpartition("/")[2]
        if name in inside or name not in definitions:
            return _JSON
        return _column(definitions[name], definitions, (*inside, name))
    if "anyOf" in node:
        branches = [each for each in node["anyOf"] if each.get("type") != "null"]
        return _column(branches[0], definitions, inside) if len(branches) == 1 else _JSON
    return _column_of_type(node, definitions, inside)


def _column_of_type(
    node: Mapping[str, Any], definitions: Mapping[str, Any], inside: tuple[str, ...]
) -> Column:
    kind = node.get("type") or _kind_of_values(node)
    if kind == "object" and node.get("properties") and not node.get("additionalProperties"):
        return _struct(node["properties"], definitions, inside)
    if kind == "array" and isinstance(node.get("items"), Mapping):
        return _list(_column(node["items"], definitions, inside))
    return _PLAIN.get(kind, _JSON) if isinstance(kind, str) else _JSON


def _kind_of_values(node: Mapping[str, Any]) -> str | None:
    """The type of an enum's values, or of a constant, that has no `type` beside it."""
    values = node.get("enum", [node["const"]] if "const" in node else [])
    return "string" if values and all(isinstance(value, str) for value in values) else None


def _struct(
    properties: Mapping[str, Any], definitions: Mapping[str, Any], inside: tuple[str, ...]
) -> Column:
    columns = {name: _column(node, definitions, inside) for name, node in properties.items()}
    type_ = pa.struct([(name, column.type) for name, column in columns.items()])

    def conform(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return None
        return {name: column.conform(value.get(name)) for name, column in columns.items()}

    return Column(type_, conform)


def _list(item: Column) -> Column:
    def conform(value: Any) -> Any:
        return [item.conform(each) for each in value] if isinstance(value, list) else None

    return Column(pa.list_(item.type), conform)


def _as_json(value: Any) -> Any:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _as_is(value: Any) -> Any:
    return value


def _as_int(value: Any) -> Any:
    if value is None or value in _INT64:
        return value
    raise OverflowError(f"{value} does not fit into 64 bits: annotate such a field as str")


def _as_float(value: Any) -> Any:
    return None if value is None else float(value)


_JSON: Final = Column(pa.string(), _as_json)
_PLAIN: Final = {
    "string": Column(pa.string(), lambda value: None if value is None else str(value)),
    "integer": Column(pa.int64(), _as_int),
    "number": Column(pa.float64(), _as_float),
    "boolean": Column(pa.bool_(), _as_is),
    "null": Column(pa.string(), _as_is),
}


_ERROR: Final = pa.struct([("type", pa.string()), ("message", pa.string()), ("text", pa.string())])


def outcome_column(schema: Mapping[str, Any]) -> Column:
    """The column of outcomes whose values have that JSON schema."""
    value = column_of(schema)
    usage = pa.struct([("input_tokens", pa.int64()), ("output_tokens", pa.int64())])
    type_ = pa.struct(
        [
            ("value", value.type),
            ("error", _ERROR),
            ("usage", usage),
            ("attempts", pa.int64()),
            ("cost", pa.float64()),
        ]
    )
    return Column(type_, lambda record: {**record, "value": value.conform(record["value"])})


class OutcomeSchema:
    """The table of outcomes whose values have that JSON schema."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._value = column_of(schema)
        self.schema = pa.schema(
            [
                ("key", pa.string()),
                ("value", self._value.type),
                ("error", _ERROR),
                ("attempts", pa.int64()),
                ("input_tokens", pa.int64()),
                ("output_tokens", pa.int64()),
                ("cost", pa.float64()),
                ("seconds", pa.float64()),
            ]
        )

    def batch(self, records: list[dict[str, Any]]) -> Any:
        """A record batch of the results of `record_of`."""
        rows = [self._conformed(record) for record in records]
        return pa.RecordBatch.from_pylist(rows, schema=self.schema)

    def _conformed(self, record: dict[str, Any]) -> dict[str, Any]:
        key, value = record["key"], record["value"]
        text = key if isinstance(key, str) else json.dumps(key)
        return {**record, "key": text, "value": self._value.conform(value)}

    def writer(self, path: Path) -> Any:
        """A parquet writer for these batches."""
        from pyarrow import parquet

        return parquet.ParquetWriter(path, self.schema)
