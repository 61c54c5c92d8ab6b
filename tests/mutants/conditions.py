"""The conditions of a module, each of which can be flipped: all of them, as the AST has them.

A comparison is turned round (`<` to `>=`), `and` and `or` are exchanged, a `not` is dropped, and
any other condition of an `if`, a `while`, a conditional expression or a comprehension is negated.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_OPPOSITES: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """One place where a module can be flipped.

    Attributes:
        index: of its node among those of the module, in the order of `ast.walk`.
        part: of a chained comparison, which.
        function: in which it stands, with its class.
        before, after: its source, as it is and flipped.
    """

    path: Path
    index: int
    part: int
    line: int
    function: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line}: `{self.before}` -> `{self.after}`"

    @property
    def place(self) -> tuple[str, str, str]:
        """The module, the function and the condition, which say which one it is."""
        return self.path.stem, self.function, self.before

    def mutant(self) -> ast.Module:
        """The module's tree, with this one condition flipped."""
        tree = ast.parse(self.path.read_text(encoding="utf-8"), self.path)
        node = [*ast.walk(tree)][self.index]
        flipped = ast.copy_location(_flipped(node, self.part), node)
        for parent in ast.walk(tree):
            for name, value in ast.iter_fields(parent):
                if value is node:
                    setattr(parent, name, flipped)
                elif isinstance(value, list) and node in value:
                    value[value.index(node)] = flipped
        return ast.fix_missing_locations(tree)


def conditions_of(path: Path) -> Iterator[Condition]:
    """All conditions of the module, in the order of its lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"), path)
    tests = {id(test) for test in _tests(tree)}
    functions = dict(_places(tree, ()))
    found = [
        Condition(
            path,
            index,
            part,
            node.lineno,
            functions[id(node)],
            ast.unparse(node),
            ast.unparse(flipped),
        )
        for index, node in enumerate(ast.walk(tree))
        if isinstance(node, ast.expr) and id(node) in functions
        for part in range(_parts(node, is_test=id(node) in tests))
        for flipped in [_flipped(node, part)]
    ]
    return iter(sorted(found, key=lambda each: (each.line, each.index)))


def _tests(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            yield node.test
        elif isinstance(node, ast.comprehension):
            yield from node.ifs


def _places(node: ast.AST, names: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """The id of each node inside a function, and the function's name with its class's."""
    is_named = isinstance(node, ast.FunctionDef | ast.ClassDef)
    for child in ast.iter_child_nodes(node):
        inside = (*names, node.name) if is_named else names  # type: ignore[attr-defined]
        yield from _places(child, inside)
        if isinstance(node, ast.FunctionDef) or (names and not is_named):
            yield id(child), ".".join(inside[:2])


def _parts(node: ast.expr, *, is_test: bool) -> int:
    if isinstance(node, ast.Compare):
        return len(node.ops)
    is_not = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    return int(is_not or isinstance(node, ast.BoolOp) or is_test)


def _flipped(node: ast.AST, part: int) -> ast.expr:
    if isinstance(node, ast.Compare):
        opposite = _OPPOSITES[type(node.ops[part])]()
        return ast.Compare(node.left, [*node.ops[:part], opposite, *node.ops[part + 1 :]],
                           node.comparators)  # fmt: skip
    if isinstance(node, ast.BoolOp):
        return ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    if isinstance(node, ast.UnaryOp):
        return node.operand
    assert isinstance(node, ast.expr)
    return ast.UnaryOp(ast.Not(), node)
