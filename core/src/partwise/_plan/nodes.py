"""The nodes of a plan: for each place in an answer, the values that it takes and how they show.

A `ValueNode` is one place in the answer. If an object or an array that shows while it is open can
be there, its `ContainerNode` says how, by a `Layout`. Other values show when they are complete.

Whatever closes is validated there and then, once, by a piece of the type's own core schema:
- a scalar, a string, or the raw text of a subtree by the node's own validator, in JSON mode;
- an object or array that was shown by its layout's *level validator*: the core schema of that level
  alone, with `any` in the place of its children, which are validated already; then by the
  container's *after validators*.

If a before- or wrap-validator encloses a container, its inside is not final until the validator has
seen it all. Such a container *validates whole*: it shows, in a *provisional* layout that runs no
validators, and when it closes its raw text is validated as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pydantic_core import SchemaError, ValidationError

from .._sentinels import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic_core import SchemaValidator

    from .core_schema import Check
    from .validation import ModelValidator

InstanceMaker: TypeAlias = "Callable[[dict[str, Any], set[str], dict[str, Any]], Any]"
"""Makes a partial instance of field values, names of the fields that came, and extras."""


@dataclass(frozen=True, slots=True)
class TextBound:
    """The strings that a place can take: a longer or another one is refused while it is open.

    Attributes:
        max_chars: characters, or None.
        choices: all the strings there are, or None.
    """

    max_chars: int | None = None
    choices: tuple[str, ...] | None = None

    def allows(self, text: str) -> bool:
        """Whether a string that begins so can be one of them."""
        if self.max_chars is not None and len(text) > self.max_chars:
            return False
        return self.choices is None or any(each.startswith(text) for each in self.choices)

    def has(self, text: str) -> bool:
        return self.allows(text) and (self.choices is None or text in self.choices)


@dataclass(slots=True, eq=False)
class ValueNode:
    """A place in an answer.

    Attributes:
        compile_validator: makes the validator of its JSON text; None if nothing is valid.
        text: whether a string shows while it is open.
        plain: whether a string needs no validation.
        provisional: whether an enclosing container validates whole, so nothing fails here.
        object, array: the container that opens with `{` or `[`; None if it can't be shown partly.
        refuses: the openers, of `{`, `[` and `"`, of which nothing valid can come.
        bound: the strings that it can take, if there is a bound.
        watches_text: whether a string that opens here can be refused before it ends.
        is_pure: whether to validate its text at once gives the same as piece by piece: nothing of
            the user's runs in it, and its snapshots can't be frozen.
    """

    compile_validator: Callable[[], SchemaValidator] | None
    text: bool = False
    plain: bool = False
    provisional: bool = False
    object: ContainerNode | None = None
    array: ContainerNode | None = None
    refuses: frozenset[str] = frozenset()
    bound: TextBound | None = None
    watches_text: bool = False
    is_pure: bool = False
    _validate_json: Check | None = None

    def read(self, raw: str, keywords: Mapping[str, Any]) -> Any:
        """The validated value of this JSON text; MISSING if a provisional one is not valid.

        Raises:
            ValidationError: the text is not valid here, and nothing can still mend it.
        """
        validate = self._validate_json
        if validate is None:
            if self.compile_validator is None:
                return MISSING
            validate = self._validate_json = self.compile_validator().validate_json
        if not self.provisional:
            return validate(raw, **keywords)
        try:
            return validate(raw, **keywords)
        except (ValidationError, SchemaError):  # the latter if it is to be omitted
            return MISSING


@dataclass(frozen=True, slots=True, eq=False)
class ContainerNode:
    """How a container at a place shows and is finished.

    Attributes:
        layout: how it shows.
        after_validators: those around it, inside of the root models; innermost first.
        validates_whole: whether its raw text is validated as a whole when it closes.
        roots: the root models around it, innermost first, each of which wraps the one before.
    """

    layout: Layout
    after_validators: tuple[Check, ...] = ()
    validates_whole: bool = False
    roots: tuple[RootLayout, ...] = ()

    def within(self, *after_validators: Check) -> ContainerNode:
        """The same, with more after-validators around it all."""
        if not self.roots:
            return replace(self, after_validators=(*self.after_validators, *after_validators))
        *inner, root = self.roots
        root = replace(root, after_validators=(*root.after_validators, *after_validators))
        return replace(self, roots=(*inner, root))

    def deferred(self, *, validates_whole: bool, root: RootLayout | None = None) -> ContainerNode:
        """The same, which validates whole if either says so, with another root model around it."""
        roots = self.roots if root is None else (*self.roots, root)
        return replace(self, validates_whole=self.validates_whole or validates_whole, roots=roots)


@dataclass(slots=True, eq=False)
class SkipLayout:
    """A container of which nothing shows."""


@dataclass(slots=True, eq=False)
class ListLayout:
    """An array whose elements are alike.

    Attributes:
        item: the place of each element.
        level_validator: validates the finished elements and makes the container; None if a list of
            them is all there is to it.
        show: makes the partial container of a list of elements.
        of_objects: whether nothing else than an object can be an element.
        max_items: elements that it can have at most, or None.
    """

    item: ValueNode
    level_validator: Check | None = None
    show: Callable[[list[Any]], Any] = list
    of_objects: bool = False
    max_items: int | None = None


@dataclass(slots=True, eq=False)
class DictLayout:
    """An object with any keys.

    Attributes:
        key: makes the key of its JSON text, or MISSING if the entry is not to be shown; None if it
            is that text.
        value: the place of each value.
        level_validator: validates the finished dict; None if the dict is all there is to it.
        max_items: entries that it can have at most, or None.
    """

    value: ValueNode
    key: Callable[[str], Any] | None = None
    level_validator: Check | None = None
    max_items: int | None = None


@dataclass(slots=True, eq=False)
class Field:
    """A field of a model, dataclass or TypedDict; or the place of a key that it does not know.

    Attributes:
        preceding_fields: the fields declared before, whose values a validator of this field reads;
            None if no validator does.
        key: the JSON key.
        rank: the place of the key among those that the field answers to; 0 is the best.
    """

    name: str
    node: ValueNode
    preceding_fields: frozenset[str] | None = None
    is_extra: bool = False
    ignored: bool = False
    key: str = ""
    rank: int = 0


@dataclass(slots=True, eq=False)
class ModelLayout:
    """An object with known fields: a pydantic model, a dataclass or a TypedDict.

    Attributes:
        fields: by each JSON key that the field answers to.
        extra: the place of unknown keys.
        template: the values that the fields show before they arrive, but for those of `factories`.
        factories: makes, for each new object, the default that is its own.
        required: fields that keep the object out of sight until they have a value.
        instance: makes the partial instance.
        validator: the model's own level of its core schema.
        validates_defaults: fields whose default is validated when they are missing.
        field_names: the names of the fields, those that are not shown included.
        placeholders: required fields that show an empty object before they come.
        is_model: whether extras have a place of their own beside the fields.
        reuses: whether an instance that nobody holds any more can show other values.
        keys: the first key of each field whose errors name it by its key.
        may_be_empty: whether no field is required.
        shows_unknown: whether a key that it does not know shows.
        forbids_unknown: whether a key that it does not know is not valid.
        may_rewrite: whether a validator of the model's sees the object before its fields do.
    """

    fields: dict[str, Field]
    extra: Field
    template: dict[str, Any]
    factories: dict[str, Callable[[], Any]]
    required: frozenset[str]
    instance: InstanceMaker
    validator: ModelValidator
    validates_defaults: frozenset[str] = frozenset()
    field_names: frozenset[str] = frozenset()
    placeholders: frozenset[str] = frozenset()
    is_model: bool = False
    reuses: bool = False
    keys: dict[str, str] = field(default_factory=dict)
    may_be_empty: bool = False
    shows_unknown: bool = False
    forbids_unknown: bool = False
    may_rewrite: bool = False

    @property
    def names(self) -> list[str]:
        return [*dict.fromkeys(each.name for each in self.fields.values() if not each.ignored)]

    def empty(self) -> Any:
        """The partial instance of an object that has not begun."""
        return self.instance(self.fresh(), set(), {})

    def fresh(self) -> dict[str, Any]:
        """The values that the fields of a new object show."""
        return self.template | {name: make() for name, make in self.factories.items()}


@dataclass(slots=True, eq=False)
class RootLayout:
    """A root model: its inside shows wrapped in its partial class.

    Attributes:
        wrap: makes the partial instance of the partial inside.
        finish: makes the instance, and the check that then runs on it; None at a provisional place.
        after_validators: those around it, innermost first.
    """

    wrap: Callable[[Any], Any]
    finish: tuple[Callable[[Any], Any], Check | None] | None
    after_validators: tuple[Check, ...] = ()


@dataclass(slots=True, eq=False)
class TaggedLayout:
    """An object of one of several kinds, which shows when its tag has said which.

    Attributes:
        tags: the JSON keys of the tag, best first.
        choices: the place of each kind, by the tag's JSON text.
    """

    tags: frozenset[str]
    choices: dict[str, ValueNode]


@dataclass(slots=True, eq=False)
class UnionLayout:
    """An object of one of several kinds, which shows when its keys leave only one of them.

    Attributes:
        branches: the place of each kind.
    """

    branches: list[ValueNode]


Layout: TypeAlias = SkipLayout | ListLayout | DictLayout | ModelLayout | TaggedLayout | UnionLayout

ATOM: Final = ContainerNode(SkipLayout(), validates_whole=True)
"""A container that shows when it is complete."""
IGNORED: Final = ContainerNode(SkipLayout())
"""A container under a key that the model ignores."""


def ignored_node() -> ValueNode:
    """The place of a value that nobody asks for."""
    node = ValueNode(None)
    node.object = node.array = IGNORED
    return node
