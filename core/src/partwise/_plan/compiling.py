"""The compiler as the compilers of models and of unions use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic_core import SchemaError, SchemaValidator, core_schema

from .core_schema import MODELS, inner_wrappers, is_root, reads_field_data, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import CoreConfig, CoreSchema

    from .nodes import ModelLayout, ValueNode

_OWN: Final[dict[str, Any]] = (
    {"_use_prebuilt": False} if "_use_prebuilt" in str(SchemaValidator.__text_signature__) else {}
)
"""For a schema that is not its classes' own: newer pydantic-core takes theirs for any `model`."""


class NodeCompiler:
    """Compiles the places of one core schema.

    Attributes:
        definitions: the schemas that it refers to.
        layouts: those of its models so far, by the model's id, provisional or not.
        unfinished: the ids of the layouts that are being filled.
    """

    def __init__(self, definitions: Mapping[str, CoreSchema], *, is_changed: bool) -> None:
        self.definitions = definitions
        self._options = _OWN if is_changed else {}
        self.layouts: dict[tuple[int, bool], ModelLayout] = {}
        self.unfinished: set[int] = set()

    def node(
        self,
        schema: CoreSchema,
        config: CoreConfig | None,
        *,
        provisional: bool,
        in_field: bool = False,
    ) -> ValueNode:
        """The place that this schema describes.

        Args:
            schema: of the place, wrappers and all.
            config: of the enclosing model.
            provisional: whether an enclosing container validates whole.
            in_field: whether the model runs the wrappers' validators, since they read other fields.
        """
        raise NotImplementedError

    def validator(self, schema: CoreSchema, config: CoreConfig | None) -> SchemaValidator:
        """The validator of a schema that may refer to the definitions."""
        parts = walk(schema, definitions=self.definitions)
        needed = {part["schema_ref"]: None for part in parts if part["type"] == "definition-ref"}
        if needed:
            referred = [self.definitions[ref] for ref in needed]
            schema = core_schema.definitions_schema(schema, referred)
        try:
            return SchemaValidator(schema, config, **self._options)
        except SchemaError as error:  # which else would be taken for a validator's own
            raise RuntimeError(f"pydantic does not take a schema of partwise's: {error}") from error

    def asks_inside(self, schema: Any) -> bool:
        """Whether a validator below, and not of a model of its own, reads the fields around it."""
        parts = walk(schema, into=lambda part: not _is_model(part), definitions=self.definitions)
        return any(
            any(map(reads_field_data, inner_wrappers(part) if _is_model(part) else (part,)))
            for part in parts
        )


def _is_model(schema: Any) -> bool:
    """Whether it is a model, dataclass or TypedDict, but no root model."""
    return schema["type"] in MODELS and not is_root(schema)
