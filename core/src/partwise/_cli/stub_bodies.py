"""Declarations without their bodies, as a stub has them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

_ELLIPSIS: Final = ast.Expr(ast.Constant(...))
_KEPT: Final = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
_NAMED: Final = frozenset({"bool", "bytes", "float", "int", "str"})


def without_bodies(node: ast.stmt, module: ModuleType) -> Iterator[ast.stmt]:
    """The statement as it is in a stub: nothing, itself, or names of the types that they have."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield function_stub(node)
        case ast.ClassDef():
            yield _plain_class(node, module)
        case ast.AugAssign(target=ast.Name("__all__")):
            yield node
        case ast.Expr() | ast.Pass() | ast.Delete() | ast.ImportFrom("__future__"):
            return
        case ast.If(test) if "__name__" in ast.unparse(test):
            return
        case ast.If() | ast.Try():
            yield _branches(node, module)
        case _ if isinstance(node, _KEPT) or type(node).__name__ == "TypeAlias":
            yield node
        case _:
            yield from _names(node, module)


def function_stub(
    node: ast.FunctionDef | ast.AsyncFunctionDef,
) -> ast.FunctionDef | ast.AsyncFunctionDef:
    """The function without its body; a computed field is a property, as it is at run time."""
    if node.returns is None and not _gives_values(node):
        node.returns = ast.Constant(None)
    if any("computed_field" in ast.unparse(each) for each in node.decorator_list):
        node.decorator_list = [ast.Name("property")]
    node.body = [_ELLIPSIS]
    return node


def _gives_values(function: ast.AST) -> bool:
    """Whether the function returns something or is a generator."""
    for node in ast.iter_child_nodes(function):
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if isinstance(node, ast.Return) and node.value is not None:
            return True
        is_scope = isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
        )
        if not is_scope and _gives_values(node):
            return True
    return False


def _plain_class(node: ast.ClassDef, module: ModuleType) -> ast.stmt:
    attributes = list(_attributes(node))
    body = [each for item in node.body for each in without_bodies(item, module)]
    node.body = [*attributes, *body] or [_ELLIPSIS]
    return node


def _attributes(node: ast.ClassDef) -> Iterator[ast.stmt]:
    """The attributes that methods give to `self`."""
    known = {
        target.id
        for item in node.body
        for target in getattr(item, "targets", [getattr(item, "target", None)])
        if isinstance(target, ast.Name)
    }
    for method in node.body:
        if not isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        types = {each.arg: each.annotation for each in method.args.args}
        for inner in ast.walk(method):
            name, annotation = _own_attribute(inner, types)
            if name is not None and name not in known:
                known.add(name)
                yield ast.AnnAssign(ast.Name(name), annotation or ast.Name("_Any"), None, simple=1)


def _own_attribute(
    node: ast.AST, types: dict[str, ast.expr | None]
) -> tuple[str | None, ast.expr | None]:
    match node:
        case ast.Assign(targets=[ast.Attribute(ast.Name("self"), name)], value=value):
            return name, types.get(value.id) if isinstance(value, ast.Name) else None
        case ast.AnnAssign(target=ast.Attribute(ast.Name("self"), name), annotation=annotation):
            return name, annotation
    return None, None


def _branches(node: ast.If | ast.Try, module: ModuleType) -> ast.stmt:
    """The statement with its branches as in a stub; an empty one passes."""
    for branch in ("body", "orelse", "finalbody"):
        statements = getattr(node, branch, [])
        setattr(
            node, branch, [each for item in statements for each in without_bodies(item, module)]
        )
    for handler in getattr(node, "handlers", ()):
        kept = [each for item in handler.body for each in without_bodies(item, module)]
        handler.body = kept or [ast.Pass()]
    node.body = node.body or [ast.Pass()]
    return node


def _names(node: ast.stmt, module: ModuleType) -> Iterator[ast.stmt]:
    """The names that a loop, or another statement that no stub has, leaves in the module."""
    bound = [
        each.id
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    ]
    for name in dict.fromkeys(bound):
        kind = type(vars(module).get(name)).__name__
        annotation = kind if kind in _NAMED else "_Any"
        yield ast.AnnAssign(ast.Name(name), ast.Name(annotation), None, simple=1)
