"""A response type, compiled once: how its answers show, and their validators."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import BaseModel, TypeAdapter
from pydantic_core import core_schema

from .._errors import PathError
from .._json.candidate import AnswerShape
from .._nearest import nearest
from .._paths import format_path, parse_path
from .compiler import Compiler
from .core_schema import is_hashable
from .markers import original_of
from .nodes import DictLayout, ListLayout, ModelLayout
from .places import HOLDING_NONE, WrongTypeError, type_name, types_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import CoreSchema

    from .nodes import Layout, ValueNode


class Plan:
    """A response type, compiled.

    Attributes:
        root: the place of the answer.
        core_schema: pydantic's own schema of the type.
        compiler: makes validators.
        name: the type's name, as it is written in Python.
        description: the type's docstring, or None.
    """

    def __init__(self, response_type: Any) -> None:
        self._adapter: TypeAdapter[Any] = TypeAdapter(response_type)
        self._made_of = [*_schemas_in(response_type)]  # which keep their ids while this is cached
        self.name = _name_of(response_type)
        is_model = isinstance(response_type, type) and issubclass(response_type, BaseModel)
        self.description = (response_type.__doc__ or None) if is_model else None
        self.core_schema: CoreSchema = self._adapter.core_schema
        self.compiler = Compiler(self.core_schema)
        self.root = self.compiler.root()

    @functools.cached_property
    def json_schema(self) -> dict[str, Any]:
        """The type's JSON schema, as pydantic writes it."""
        return self._adapter.json_schema()

    @functools.cached_property
    def shape(self) -> AnswerShape:
        """The beginnings that an answer can have."""
        array, model = self.root.array, _model_at(self.root)
        layout = array and array.layout
        openers = ("{" if self.root.object else "") + ("[" if array else "")
        return AnswerShape(
            keys=(model and frozenset(model.fields)) or None,
            openers=openers or "{[",
            may_be_scalar=not openers,
            may_be_empty=model is None or model.may_be_empty,
            of_objects=isinstance(layout, ListLayout) and layout.of_objects,
        )

    def read_envelope(self, key: str, text: str, keywords: Mapping[str, Any]) -> Any:
        """The validated answer of an object that has it under the key.

        Raises:
            ValidationError: the text is not valid; each `loc` begins with the key.
        """
        schema: Any = self.compiler.schema
        envelope = core_schema.typed_dict_schema({key: core_schema.typed_dict_field(schema)})
        return self.compiler.validator(envelope, None).validate_json(text, **keywords)[key]

    def check_path(self, text: str) -> None:
        """See that an answer may have something at the path.

        Raises:
            PathError: none can, or that is not a path.
        """
        path = parse_path(text)
        node: ValueNode | None = self.root
        for depth, step in enumerate(path):
            inside = None if node is None else _inside(node)
            if isinstance(inside, ListLayout) and not (isinstance(step, int) or step == "*"):
                has = "elements: [0] is the first, [*] are all"
            elif isinstance(inside, ModelLayout) and step not in ("*", *inside.names):
                has = f"the fields {', '.join(inside.names)}{nearest(step, inside.names)}"
            else:
                node = _below(inside, step)
                continue
            place = format_path(path[:depth]) or self.name
            raise PathError(f"{text!r} is not a path in {self.name}: {place} has {has}")

    def check_holds(self, text: str, wanted: Literal["text", "elements"]) -> None:
        """See that an answer may have text, or elements, at the path.

        Raises:
            PathError: it can't have any, or that is not a path.
        """
        self.check_path(text)
        types = types_at(self.core_schema, parse_path(text))
        if types <= HOLDING_NONE[wanted]:
            held = " or ".join(sorted(type_name(each) for each in types))
            raise WrongTypeError(
                f"no {wanted} at {text or 'the root'}: it holds {held}; choose a path with {wanted}"
            )


def _model_at(node: ValueNode) -> ModelLayout | None:
    """The model whose fields are the keys of an object there; None if that may have others."""
    container = node.object
    if container is None or container.validates_whole:
        return None
    return container.layout if isinstance(container.layout, ModelLayout) else None


def _inside(node: ValueNode) -> Layout | None:
    """The kind of container there, if it alone tells the contents; None if it may be anything."""
    containers = [container for container in (node.object, node.array) if container is not None]
    if len(containers) != 1 or containers[0].validates_whole or containers[0].after_validators:
        return None
    layout = containers[0].layout
    return None if isinstance(layout, ModelLayout) and layout.shows_unknown else layout


def _below(layout: Layout | None, step: str | int) -> ValueNode | None:
    match layout:
        case ListLayout():
            return layout.item
        case DictLayout():
            return layout.value
        case ModelLayout():
            return next((each.node for each in layout.fields.values() if each.name == step), None)
    return None


def compile_plan(response_type: Any) -> Plan:
    """The plan of that type; made once, for as long as it is among those used last.

    Raises:
        pydantic.PydanticUserError: the type is not one that pydantic can validate.
    """
    if isinstance(response_type, type):
        response_type = original_of(response_type)  # `Partial[M]` is answered by an M
    if is_hashable(response_type):  # an Annotated with a dict in it is not
        # To Python, `int | str` and `str | int` are equal, but the first choice may be asked first;
        # as they are written they differ. A model that was rebuilt has another schema.
        ids = map(id, _schemas_in(response_type))
        return _compile_cached(response_type, repr(response_type), *ids)
    return Plan(response_type)


@functools.lru_cache(maxsize=128)
def _compile_cached(response_type: Any, *_: Any) -> Plan:
    # A plan holds its type, so no weak mapping would ever let go of it: the bound does.
    return Plan(response_type)


def _schemas_in(response_type: Any) -> Iterator[Any]:
    """The schemas of the classes that the type names."""
    if isinstance(response_type, type):
        yield vars(response_type).get("__pydantic_core_schema__")
    for argument in get_args(response_type):
        yield from _schemas_in(argument)


def _name_of(response_type: Any) -> str:
    """The type as it is written in Python, without its modules: `list[User]`."""
    if isinstance(response_type, type) and not get_args(response_type):
        return response_type.__name__
    return re.sub(r"[\w<>]+\.", "", str(response_type))
