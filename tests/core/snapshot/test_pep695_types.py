"""Python's own syntax for aliases, generic classes and defaults of type variables.

Its text would not compile where it is not known yet, so it stands in strings. What the same means
in the syntax before is in `models.py`.
"""

from __future__ import annotations

import pickle
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, TypeAdapter

import partwise
from partwise._plan.plan import compile_plan
from partwise._snapshot.builder import SnapshotBuilder

from .values import same

if TYPE_CHECKING:
    from collections.abc import Iterator

STATEMENTS = """
from typing import Annotated, Literal

from pydantic import BaseModel, Field

type Ages = dict[str, int]
type Nested = list[Nested] | int
type Tree = dict[str, Tree] | str
type Few[T] = list[T]
type Pairs[A, B] = list[tuple[A, B]]
type Short = Annotated[str, Field(max_length=3)]


class User(BaseModel):
    name: Short
    ages: Ages = {}


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


type Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


class Box[T](BaseModel):
    item: T


class Node[T](BaseModel):
    value: T
    children: Few[Node[T]] = []


class Kennel[T: BaseModel](BaseModel):
    pets: list[T]
    by_name: dict[str, T] = {}


class Root(BaseModel):
    users: Few[User]
    tree: Node[User]
    pets: list[Pet]
"""

DEFAULTS = """
from pydantic import BaseModel


class Holder[T = int](BaseModel):
    item: T


class Both[A, B = list[str]](BaseModel):
    a: A
    b: B
"""


@pytest.fixture(scope="module")
def statements() -> Iterator[Any]:
    yield from compiled("partwise_type_statements", STATEMENTS, (3, 12))


@pytest.fixture(scope="module")
def defaults() -> Iterator[Any]:
    yield from compiled("partwise_type_defaults", DEFAULTS, (3, 13))


def compiled(name: str, source: str, since: tuple[int, int]) -> Iterator[Any]:
    """A module of that source, which can be imported from, as pickling wants."""
    if sys.version_info < since:
        pytest.skip(f"Python {since[0]}.{since[1]} is the first to know this syntax")
    sys.modules[name] = module = ModuleType(name)
    exec(compile(source, name, "exec"), vars(module))  # noqa: S102  it stands above
    yield module
    del sys.modules[name]


def read(kind: Any, text: str) -> list[Any]:
    """Each snapshot of the text, and what the end has; each is usable."""
    builder = SnapshotBuilder(compile_plan(kind))
    shown = []
    for character in text:
        builder.feed(character)
        shown.append(builder.snapshot())
        TypeAdapter(Any).dump_json(shown[-1])
    shown.append(builder.close())
    assert same(shown[-1], TypeAdapter(kind).validate_json(text))
    return shown


USER = '{"name":"Ada","ages":{"x":1}}'

CASES = [
    ("Ages", '{"a":1,"b":2}', {"a": 1}),
    ("Nested", "[[1],2,[[3]]]", [[1], 2]),
    ("Tree", '{"a":{"b":"c"},"d":"e"}', {"a": {"b": "c"}}),
    ("Few[int]", "[1,2,3]", [1, 2]),
    ("Few[Few[str]]", '[["ab"],["cd"]]', [["ab"], ["c"]]),
    ("Pairs[int, str]", '[[1,"a"],[2,"b"]]', [(1, "a")]),
    ("Pet", '{"lives":3,"kind":"cat"}', None),
    ("list[Pet]", '[{"kind":"dog","name":"Rex"}]', None),
]


@pytest.mark.parametrize(("name", "text", "shown"), CASES, ids=[name for name, _, _ in CASES])
def test_an_alias_shows_as_what_it_stands_for(
    statements: Any, name: str, text: str, shown: Any
) -> None:
    snapshots = read(eval(name, vars(statements)), text)  # noqa: S307  it stands above
    assert shown is None or shown in snapshots[:-1]
    assert any(snapshots[:-1])


def test_a_discriminated_alias_shows_as_soon_as_its_tag_has_come(statements: Any) -> None:
    builder = SnapshotBuilder(compile_plan(statements.Pet))
    builder.feed('{"name":"Re')
    assert builder.snapshot() is None
    builder.feed('x","kind":"dog"')
    shown: Any = builder.snapshot()
    assert isinstance(shown, statements.Dog)
    assert shown.name == "Rex"


def test_a_recursive_generic_class_shows_on_every_level(statements: Any) -> None:
    kind = statements.Node[statements.User]
    text = f'{{"value":{USER},"children":[{{"value":{USER},"children":[{{"value":{USER}}}]}}]}}'
    snapshots = read(kind, text)
    nodes = (s.children[0].children for s in snapshots if s.children)
    grown = [inside[0].value.name for inside in nodes if inside]
    assert [*dict.fromkeys(grown)] == [None, "", "A", "Ad", "Ada"]
    assert type(snapshots[-1]) is kind
    assert all(isinstance(shown, kind) for shown in snapshots)
    assert all(type(shown) is partwise.Partial[kind] for shown in snapshots[:-1])


def test_a_bound_type_variable_is_no_matter(statements: Any) -> None:
    kind = statements.Kennel[statements.Dog]
    rex = '{"kind":"dog","name":"Rex"}'
    snapshots = read(kind, f'{{"pets":[{rex}],"by_name":{{"Rex":{rex}}}}}')
    assert isinstance(snapshots[-2].by_name["Rex"], statements.Dog)
    assert type(snapshots[-2].pets[0]) is statements.Dog


def test_all_of_it_together(statements: Any) -> None:
    pets = '[{"kind":"cat","lives":7},{"name":"Rex","kind":"dog"}]'
    text = f'{{"users":[{USER}],"tree":{{"value":{USER},"children":[]}},"pets":{pets}}}'
    snapshots = read(statements.Root, text)
    for shown in filter(
        None, snapshots
    ):  # to pickle `Node[User]`, it would have to have a name of its own
        assert same(pickle.loads(pickle.dumps(shown.pets)), shown.pets)  # noqa: S301  its own
    schema = partwise.Partial[statements.Root].model_json_schema()
    assert "required" not in schema
    values = partwise.parse(statements.Few[statements.User], [f"[{USER}", f",{USER}]"])
    assert [*values.elements("")] == [statements.User(name="Ada", ages={"x": 1})] * 2


def test_constraints_of_an_alias_are_checked_as_it_closes(statements: Any) -> None:
    builder = SnapshotBuilder(compile_plan(statements.Root))
    with pytest.raises(partwise.InvalidOutputError) as raised:
        builder.feed('{"users":[{"name":"Grace"')
    assert raised.value.errors()[0]["loc"] == ("users", 0, "name")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Holder", '{"item":25}'),
        ("Holder[str]", '{"item":"25"}'),
        ("Both[int]", '{"a":1,"b":["x"]}'),
        ("Both[int, bool]", '{"a":1,"b":true}'),
    ],
)
def test_the_default_of_a_type_variable_is_its_type(defaults: Any, name: str, text: str) -> None:
    kind: type[BaseModel] = eval(name, vars(defaults))  # noqa: S307  it stands above
    snapshots = read(kind, text)
    assert all(isinstance(shown, kind) for shown in snapshots[text.index("{") : -1])
    assert not {getattr(shown, "item", None) for shown in snapshots} & {2}
