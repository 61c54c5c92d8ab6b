"""Lists whose invalid elements are left out: a change of pydantic's core schema at one path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError
from pydantic_core import core_schema, to_json

from .._paths import format_path
from .._sentinels import OMITTED
from .core_schema import WRAPPERS
from .markers import CHANGED, marked

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema, ErrorDetails

    from .._paths import Path

_INNER: Final = WRAPPERS | {"model", "dataclass", "definitions"}


@dataclass(frozen=True, slots=True)
class InvalidElement:
    """An element that was left out.

    Attributes:
        path: its place in the JSON, counted with those that were left out.
        errors: as `pydantic.ValidationError.errors()` gives them.
        text: the element's JSON.
    """

    path: Path
    errors: tuple[ErrorDetails, ...]
    text: str


class SkipInvalid:
    """In an `Annotated`: leaves out the invalid elements of the list at the path.

    Attributes:
        found: the elements that were left out, by their index.
    """

    def __init__(self, path: Path, record: Callable[[InvalidElement], object]) -> None:
        self.path = path
        self.found: dict[int, InvalidElement] = {}
        self._record = record
        self._count = 0

    def reset(self) -> None:
        """Another answer begins."""
        self.found.clear()
        self._count = 0

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return marked(self._changed(handler(source), self.path, handler), CHANGED)

    def _changed(self, schema: Any, path: Path, handler: GetCoreSchemaHandler) -> Any:
        if schema["type"] == "definition-ref":
            schema = handler.resolve_ref_schema(schema)
        schema = {key: value for key, value in schema.items() if key != "ref"}  # it is another now
        kind = schema["type"]
        if kind in _INNER:
            return {**schema, "schema": self._changed(schema["schema"], path, handler)}
        if not path and kind == "list":
            return self._skipping(schema)
        if path and kind == "list":
            inside = self._changed(schema["items_schema"], path[1:], handler)
            return {**schema, "items_schema": inside}
        if path and kind in {"model-fields", "typed-dict"} and path[0] in schema["fields"]:
            name = path[0]
            field = schema["fields"][name]
            inside = {**field, "schema": self._changed(field["schema"], path[1:], handler)}
            return {**schema, "fields": {**schema["fields"], name: inside}}
        place = format_path(self.path) or "the root"
        raise ValueError(f'on_invalid="skip" needs a list, and {place} is none')

    def _skipping(self, schema: Any) -> Any:
        items = schema.get("items_schema") or core_schema.any_schema()
        skipping = core_schema.no_info_wrap_validator_function(self._validate, items)
        # It does not show before it is complete: then it is known whether it stays.
        around: Any = {**schema, "items_schema": marked(skipping, "atomic")}
        return core_schema.no_info_after_validator_function(self._without_omitted, around)

    def _validate(self, value: Any, handler: Callable[[Any], Any]) -> Any:
        index, self._count = self._count, self._count + 1
        try:
            return handler(value)
        except ValidationError as error:
            errors = tuple(error.errors(include_url=False))
            text = to_json(value, fallback=repr).decode()
            invalid = InvalidElement((*self.path, index), errors, text)
            if index not in self.found:  # else the answer is validated again, as a whole
                self.found[index] = invalid
                self._record(invalid)
            return OMITTED

    def _without_omitted(self, elements: list[Any]) -> list[Any]:
        self._count = 0
        return [element for element in elements if element is not OMITTED]
