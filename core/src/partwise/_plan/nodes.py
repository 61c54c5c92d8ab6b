"""What a plan is made of: for each place in an answer, what may stand there and how it shows.

A `ValueNode` is one place in the answer. If an object or an array that shows while it is open may
stand there, its `ContainerNode` says how, by a `Layout`. Other values show when they are complete.

Whatever closes is validated there and then, once, by a piece of the type's own core schema:
- a scalar, a string, or the raw text of a subtree by the slot's own validator, in JSON mode;
- an object or array that was shown by its shape's *shell*: the core schema of that level alone,
  with `any` in the place of its children, which are validated already; then by the way's *outers*,
  the after-validators around it.

Where a before- or wrap-validator encloses a container, what is inside is not final until the
validator has seen it all. Such a container is *raw*: it shows, in a *tentative* shape that runs no
validators, and when it closes its raw text is validated as a whole.
"""

from __future__ import annotations

import copy
import dataclasses
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

from .._sentinels import MISSING
from .defensive_copies import Loan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic_core import CoreConfig, CoreSchema

Check: TypeAlias = "Callable[..., Any]"
"""`SchemaValidator.validate_python`: takes a value and keywords, gives the validated value."""

InstanceMaker: TypeAlias = "Callable[[dict[str, Any], set[str], dict[str, Any]], Any]"
"""Makes what is shown of field values, names of those that came, and extras."""


class ValueNode:
    """A place in an answer.

    Attributes:
        text: whether a string shows while it is open.
        plain: whether a string needs no validation.
        tentative: whether an enclosing raw container has the last word, so nothing fails here.
        object, array: the way of what opens with `{` or `[`; None where it can't be shown partly.
    """

    __slots__ = (
        "_compile", "_validate_json", "array", "object", "plain", "tentative",
        "text",
    )  # fmt: skip

    def __init__(
        self,
        compile_validator: Callable[[], SchemaValidator] | None,
        *,
        text: bool = False,
        plain: bool = False,
        tentative: bool = False,
    ) -> None:
        self._compile = compile_validator
        self._validate_json: Check | None = None
        self.text = text
        self.plain = plain
        self.tentative = tentative
        self.object: ContainerNode | None = None
        self.array: ContainerNode | None = None

    def read(self, raw: str, keywords: Mapping[str, Any]) -> Any:
        """The validated value of this JSON text; MISSING if a tentative one is not valid.

        Raises:
            ValidationError: the text is not valid here, and nothing can still mend it.
        """
        validate = self._validate_json
        if validate is None:
            if self._compile is None:
                return MISSING
            validate = self._validate_json = self._compile().validate_json
        if not self.tentative:
            return validate(raw, **keywords)
        try:
            return validate(raw, **keywords)
        except (ValidationError, SchemaError):  # the latter where it is to be omitted
            return MISSING


class ContainerNode:
    """How a container in a slot shows and is finished.

    Attributes:
        shape: how it shows.
        outers: the after-validators around it, inside of the root models; innermost first.
        raw: whether its raw text is validated as a whole when it closes.
        roots: the root models around it, innermost first, each of which wraps what is inside.
    """

    __slots__ = ("outers", "raw", "roots", "shape")

    def __init__(
        self,
        shape: Layout,
        outers: tuple[Check, ...] = (),
        *,
        raw: bool = False,
        roots: tuple[RootLayout, ...] = (),
    ) -> None:
        self.shape = shape
        self.outers = outers
        self.raw = raw
        self.roots = roots

    def within(self, *outers: Check) -> ContainerNode:
        """The same, with more after-validators around it all."""
        if not self.roots:
            return ContainerNode(self.shape, (*self.outers, *outers), raw=self.raw)
        *inner, root = self.roots
        root = dataclasses.replace(root, outers=(*root.outers, *outers))
        return ContainerNode(self.shape, self.outers, raw=self.raw, roots=(*inner, root))


@dataclass(slots=True, eq=False)
class SkipLayout:
    """A container of which nothing shows."""


@dataclass(slots=True, eq=False)
class ListLayout:
    """An array whose elements are alike.

    Attributes:
        item: the place of each element.
        shell: validates the finished elements and makes the container; None where a list of them
            is all there is to it.
        show: makes what is shown of a list of elements.
        shows_open: whether an element shows while it is open.
        of_objects: whether nothing else than an object can be an element.
    """

    item: ValueNode
    shell: Check | None = None
    show: Callable[[list[Any]], Any] = list
    shows_open: bool = True
    of_objects: bool = False


@dataclass(slots=True, eq=False)
class DictLayout:
    """An object with any keys.

    Attributes:
        key: makes the key of its JSON text, or MISSING if the entry is not to be shown; None where
            it is that text.
        value: the place of each value.
        shell: validates the finished dict; None where the dict is all there is to it.
    """

    value: ValueNode
    key: Callable[[str], Any] | None = None
    shell: Check | None = None


@dataclass(slots=True, eq=False)
class Field:
    """A field of a model, dataclass or TypedDict; or the place of a key that it does not know.

    Attributes:
        earlier: the fields declared before, whose values a validator of this field asks for; None
            where no validator asks.
        key: the JSON key.
    """

    name: str
    slot: ValueNode
    earlier: frozenset[str] | None = None
    is_extra: bool = False
    ignored: bool = False
    key: str = ""


@dataclass(slots=True, eq=False)
class ModelLayout:
    """An object with known fields: a pydantic model, a dataclass or a TypedDict.

    Attributes:
        fields: by each JSON key that the field answers to.
        extra: the place of unknown keys.
        template: what the fields show before they arrive, but for those of `factories`.
        factories: makes, for each new object, the default that is its own.
        required: fields that keep the object out of sight until they have a value.
        instance: makes what is shown.
        validator: the model's own level of its core schema.
        validates_defaults: fields whose default is validated when they are missing.
        reuses: whether an instance that nobody holds any more can show other values.
        keys: the first key of each field whose errors name it by its key.
        may_be_empty: whether no field is required.
        shows_unknown: whether a key that it does not know shows.
    """

    fields: dict[str, Field]
    extra: Field
    template: dict[str, Any]
    factories: dict[str, Callable[[], Any]]
    required: frozenset[str]
    instance: InstanceMaker
    validator: ModelValidator
    validates_defaults: frozenset[str] = frozenset()
    reuses: bool = False
    keys: dict[str, str] = field(default_factory=dict)
    may_be_empty: bool = False
    shows_unknown: bool = False

    @property
    def names(self) -> list[str]:
        """The fields that may show."""
        return [*dict.fromkeys(each.name for each in self.fields.values() if not each.ignored)]

    def empty(self) -> Any:
        """What is shown of an object that has not begun."""
        return self.instance(self.fresh(), set(), {})

    def fresh(self) -> dict[str, Any]:
        """What the fields of a new object show."""
        return self.template | {name: make() for name, make in self.factories.items()}


@dataclass(slots=True, eq=False)
class RootLayout:
    """A root model: what is inside shows wrapped in its partial class.

    Attributes:
        wrap: makes what is shown, of what is shown inside.
        finish: makes the instance, and what then runs on it; None in a tentative place.
        outers: the after-validators around it, innermost first.
    """

    wrap: Callable[[Any], Any]
    finish: tuple[Callable[[Any], Any], Check | None] | None
    outers: tuple[Check, ...] = ()


@dataclass(slots=True, eq=False)
class TaggedLayout:
    """An object of one of several kinds, which shows when its tag has said which.

    Attributes:
        tags: the JSON keys of the tag, best first.
        choices: the place of each kind, by the tag's JSON text.
    """

    tags: frozenset[str]
    choices: dict[str, ValueNode]


Layout: TypeAlias = SkipLayout | ListLayout | DictLayout | ModelLayout | TaggedLayout

ATOM = ContainerNode(SkipLayout(), raw=True)
"""The way of a container that shows when it is complete."""
IGNORED = ContainerNode(SkipLayout())
"""The way of a container under a key that the model ignores."""

ANY: CoreSchema = {"type": "any"}

HELD: Final = "<held>"
"""What an error says of the input, where the value was at hand and no text was read."""
_HELD_JSON: Final = f'"{HELD}"'

Waiting: TypeAlias = Literal["raw", "value", "default"]
"""What of a field is still to be validated: its JSON text, the container that was made of it, or
the default that stands in for it."""


@dataclass(slots=True, eq=False)
class ModelValidator:
    """Validates one level of a model: a field that asks for its siblings, and the whole.

    The core schema's `model-fields` part has a `validate_assignment` that runs one field's
    validators as pydantic would while it validates the whole: with `info.data`, `info.field_name`
    and `info.mode == "json"`. The field's value is given as JSON text, by wrapping the field's
    schema in a `json` one. A container whose own level is validated already is given by way of
    `_held`: the text is then only an occasion, and the core of the schema takes what is held.

    pydantic-core takes any `model` schema for the class's own validator, fields and all; so it is
    the `model-fields` part alone that checks the whole, and `make` makes the instance of it.

    Attributes:
        rebuild: the schema of the whole level's fields, of theirs.
        make: makes the object of what that schema gives.
        make_whole: makes it of all its fields, where nothing is left to be checked of those;
            None where something is.
        post_init: runs what the class wants to run on each new instance; None where nothing.
        fields: each field's own core schema.
        around: each field's schema with another core in the place of its own.
        factories: fields whose default is made for each object, and shown before it comes.
        asks_defaults: whether a default is made of the fields before.
    """

    rebuild: Callable[[dict[str, CoreSchema]], CoreSchema]
    make: Callable[[Any], Any]
    post_init: Check | None
    fields: dict[str, CoreSchema]
    around: dict[str, Callable[[CoreSchema], CoreSchema]]
    compile: Callable[[CoreSchema, CoreConfig | None], SchemaValidator]
    config: CoreConfig | None
    factories: set[str] = field(default_factory=set)
    asks_defaults: bool = False
    make_whole: Callable[[dict[str, Any]], Any] | None = None
    _shell: Check | None = None
    _shells: dict[tuple[Any, ...], Check] = field(default_factory=dict)
    _assigns: dict[tuple[str, str], SchemaValidator] = field(default_factory=dict)
    _held: threading.local = field(default_factory=threading.local)

    def assign(
        self, name: str, value: Any, what: Waiting, earlier: dict[str, Any], keywords: Any
    ) -> dict[str, Any]:
        """The field's validated value, among those before it, which a validator can change too.

        Raises:
            ValidationError: with the field's name at the head of each `loc`.
        """
        validator = self._assigns.get((name, what))
        if validator is None:
            schema = core_schema.model_fields_schema(
                {name: core_schema.model_field(self._live(name, what))}
            )
            validator = self._assigns[name, what] = self.compile(schema, self.config)
        loan = Loan()
        given = self._hold(name, loan.lend(value)) if what == "value" else value
        validated: Any = validator.validate_assignment(loan.lend(earlier), name, given, **keywords)
        values, extra, _ = loan.restore(validated)
        # To the schema of this one field, the others are extra.
        return values if extra is None else extra | values  # type: ignore[no-any-return]

    def finish(
        self,
        values: dict[str, Any],
        waiting: Mapping[str, Waiting],
        defaults: dict[str, Any],
        keywords: Any,
    ) -> Any:
        """The validated object.

        Args:
            values: the fields that came, validated but for those that wait.
            waiting: the fields that are still to be validated.
            defaults: what the fields of `factories` show that did not come.
            keywords: of `validate_python`.
        """
        if self.make_whole and len(values) == len(self.fields) and not waiting:
            return self.make_whole(values)
        if self.factories:
            vars(self._held)["defaults"] = defaults
        if not waiting and self.post_init is None and not self.asks_defaults:
            if self._shell is None:
                self._shell = self._shell_of({})
            return self.make(self._shell(values, **keywords))
        shell = self._shell_of(waiting)
        loan = Loan()
        vars(self._held)["defaults"] = loan.lend({name: defaults[name] for name in self.factories})
        values = {
            name: self._hold(name, value) if waiting.get(name) == "value" else value
            for name, value in loan.lend(values).items()
        }
        instance = self.make(shell(values, **keywords))
        if self.post_init:
            instance = self.post_init(instance, **keywords)
        return loan.restore(instance)

    def _shell_of(self, waiting: Mapping[str, Waiting]) -> Check:
        key = tuple(sorted(waiting.items()))
        shell = self._shells.get(key)
        if shell is None:
            schemas = {name: self._shallow(name) for name in self.fields}
            for name, what in waiting.items():
                schemas[name] = self.fields[name] if what == "default" else self._live(name, what)
            validator = self.compile(self.rebuild(schemas), self.config)
            shell = self._shells[key] = validator.validate_python
        return shell

    def _shallow(self, name: str) -> CoreSchema:
        """The field's schema for a value that is validated: its default, and nothing else."""
        schema: Any = self.fields[name]
        if schema["type"] != "default":
            return ANY
        if name in self.factories:  # made once per object: what was shown
            return core_schema.with_default_schema(
                ANY, default_factory=lambda: vars(self._held)["defaults"][name]
            )
        bare: Any = {k: v for k, v in schema.items() if k != "validate_default"}
        return {**bare, "schema": ANY}

    def _live(self, name: str, what: Waiting) -> CoreSchema:
        schema = self.fields[name]
        if what == "value":
            schema = self.around[name](
                core_schema.no_info_plain_validator_function(lambda _: vars(self._held)[name])
            )
        if schema["type"] != "default":
            return core_schema.json_schema(schema)
        # A default is no JSON text: it stays outside. What validates it then is the final pass.
        text = core_schema.json_schema(schema["schema"])
        live: Any = {**schema, "schema": text, "validate_default": False}
        return live  # type: ignore[no-any-return]

    def _hold(self, name: str, value: Any) -> str:
        vars(self._held)[name] = value
        return _HELD_JSON


def json_check(compile_around: Callable[[CoreSchema], SchemaValidator]) -> Check:
    """Validates a value that is at hand as one that is read from JSON: `info.mode` says so.

    Args:
        compile_around: the validators, around a core that gives the value.
    """
    held = threading.local()
    core = core_schema.no_info_plain_validator_function(lambda _: held.value)
    validate = compile_around(core).validate_json

    def check(value: Any, **keywords: Any) -> Any:
        held.value = value
        return validate(_HELD_JSON, **keywords)

    return check


def default_maker(schema: Any) -> Callable[[], Any] | None:
    """Makes the default that a `default` schema gives; None where it is required.

    A factory that asks for the validated data has no default to show before there is any.
    """
    if schema["type"] != "default":
        return None
    if "default_factory" in schema:
        if schema.get("default_factory_takes_data"):
            return lambda: None
        return schema["default_factory"]  # type: ignore[no-any-return]
    if "default" not in schema:  # it is there to omit what is not valid
        return None
    default = schema["default"]
    if type(default).__hash__ is None:
        return lambda: copy.deepcopy(default)
    return lambda: default
