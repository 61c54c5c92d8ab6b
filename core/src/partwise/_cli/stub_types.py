"""The types of a snapshot's fields, as expressions: the model's own, with incomplete parts."""

from __future__ import annotations

import ast
import collections
import collections.abc
import types
import typing
from typing import Any, Final

import typing_extensions
from pydantic import BaseModel

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NAMES_OF_CONTAINERS: Final[dict[Any, str]] = {
    **dict.fromkeys((list, collections.abc.Sequence, collections.abc.MutableSequence), "_Sequence"),
    **dict.fromkeys((collections.deque, collections.abc.Collection), "_Collection"),
    **dict.fromkeys((collections.abc.Iterable,), "_Iterable"),
    **dict.fromkeys((set, frozenset, collections.abc.Set, collections.abc.MutableSet), "_Set"),
    **dict.fromkeys((dict, collections.abc.Mapping, collections.abc.MutableMapping), "_Mapping"),
    **dict.fromkeys((collections.defaultdict, collections.OrderedDict), "_Mapping"),
}
"""The read-only container that takes the place of one with models in it: snapshots never change."""
_ANNOTATED: Final = {typing.Annotated, typing_extensions.Annotated}
_UNIONS: Final = {typing.Union, typing.Optional}


class PartialTypes:
    """Turns annotations of a module into those of its models' snapshots.

    Args:
        namespace: the module's.
        aliases: the expressions that the module gives names to.
        partial_name: the name of a model's partial class, or None if it has none.

    Attributes:
        parameters: names of type parameters, which are covariant in partial classes.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        aliases: Mapping[str, ast.expr],
        partial_name: Callable[[type], str | None],
    ) -> None:
        self._namespace = dict(namespace)
        self._aliases = aliases
        self._partial_name = partial_name
        self.parameters: frozenset[str] = frozenset()
        self._expanding: set[str] = set()

    def resolve(self, node: ast.expr) -> Any:
        """The object that the expression names; None if it names none."""
        if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            return None
        try:
            return eval(ast.unparse(node), self._namespace)  # noqa: S307 - the user's own module
        except Exception:  # noqa: BLE001 - a name for type checkers only
            return None

    def __call__(self, node: ast.expr) -> ast.expr:
        """The annotation of the field in a snapshot, without the None for a missing value."""
        node = parsed(node)
        match node:
            case ast.BinOp(op=ast.BitOr()):
                return ast.BinOp(self(node.left), ast.BitOr(), self(node.right))
            case ast.Subscript():
                return self._subscript(node)
            case ast.Name() | ast.Attribute():
                return self._name(node)
        return node

    def _name(self, node: ast.Name | ast.Attribute) -> ast.expr:
        if isinstance(node, ast.Name) and node.id in self.parameters:
            return ast.Name(covariant(node.id))
        found = self.resolve(node)
        if is_model(found):
            name = self._partial_name(found)
            return node if name is None else ast.Name(name)
        if isinstance(node, ast.Name) and node.id in self._aliases:
            return self._alias(node)
        return node

    def _alias(self, node: ast.Name) -> ast.expr:
        if node.id in self._expanding:
            return node
        self._expanding.add(node.id)
        try:
            target = self._aliases[node.id]
            partial = self(target)
        finally:
            self._expanding.discard(node.id)
        return node if same(partial, parsed(target)) else partial

    def _subscript(self, node: ast.Subscript) -> ast.expr:
        origin = self.resolve(node.value)
        if origin in (typing.Literal, typing_extensions.Literal):
            return node
        arguments = elements(node.slice)
        if origin in _ANNOTATED:
            return self(arguments[0])
        partial = [self(each) for each in arguments]
        if all(map(same, partial, map(parsed, arguments))):
            return node
        if origin in _UNIONS or is_model(origin) or origin in (tuple, typing.Tuple):  # noqa: UP006
            return ast.Subscript(self(node.value), joined(partial))
        bare = getattr(origin, "__origin__", None) or origin  # of `typing.List`
        if name := _NAMES_OF_CONTAINERS.get(bare):
            keys = [parsed(each) for each in arguments[:-1]]
            return ast.Subscript(ast.Name(name), joined([*keys, partial[-1]]))
        return node


def covariant(parameter: str) -> str:
    """The name of the type parameter of a partial class, whose fields are only read."""
    return f"_{parameter.strip('_')}_co"


def is_model(found: Any) -> bool:
    """Whether it is a pydantic model."""
    is_class = isinstance(found, type) and not isinstance(found, types.GenericAlias)
    return is_class and issubclass(found, BaseModel)


def parsed(node: ast.expr) -> ast.expr:
    """The expression in a text, as in `"User"`; any other as it is."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return ast.parse(node.value, mode="eval").body
    return node


def elements(node: ast.expr) -> list[ast.expr]:
    """The expressions in a subscript."""
    return node.elts if isinstance(node, ast.Tuple) else [node]


def joined(nodes: list[ast.expr]) -> ast.expr:
    """The inverse of `elements`."""
    return nodes[0] if len(nodes) == 1 else ast.Tuple(nodes)


def same(one: ast.expr, other: ast.expr) -> bool:
    """Whether they are the same expression."""
    return ast.dump(one) == ast.dump(other)
