"""The stub of a module: all of its declarations, and a partial class for each of its models.

The partial class is a base of the model there, so that a complete value may stand for one that is
still being written, and never the other way round. Its fields are properties: snapshots don't
change. Which of them may be None is read off the model's empty snapshot.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, RootModel

import partwise

from .stub_bodies import function_stub, without_bodies
from .stub_types import PartialTypes, covariant, elements, is_model, joined, parsed, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

    from pydantic.fields import FieldInfo

_HEADER: Final = """\
# Written by `partwise stubs`: change {source} and run it again.
# ruff: noqa
# pyright: basic, reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false
"""
_IMPORTS: Final = {
    "_Any": "from typing import Any as _Any",
    "_BaseModel": "from pydantic import BaseModel as _BaseModel",
    "_Collection": "from collections.abc import Collection as _Collection",
    "_Iterable": "from collections.abc import Iterable as _Iterable",
    "_Mapping": "from collections.abc import Mapping as _Mapping",
    "_Self": "from typing_extensions import Self as _Self",
    "_Sequence": "from collections.abc import Sequence as _Sequence",
    "_Set": "from collections.abc import Set as _Set",
    "_TypeVar": "from typing_extensions import TypeVar as _TypeVar",
}
_BODY: Final = re.compile(r":\n\s+\.\.\.$", re.MULTILINE)
_PYDANTIC: Final = frozenset({
    "field_validator", "model_validator", "field_serializer", "model_serializer", "validator",
    "root_validator", "classmethod", "staticmethod",
})  # fmt: skip
"""Decorators of methods that a snapshot has no use for."""


class StubWriter:
    """Writes the stub of one module.

    Args:
        module: the module, imported.
        source: its text.
        foreign: the name of a model's partial class, if the model is of another module whose stub
            has one.
    """

    def __init__(
        self, module: ModuleType, source: str, foreign: Callable[[type], bool] = lambda _: False
    ) -> None:
        self._module = module
        self._tree = ast.parse(source)
        self._foreign = foreign
        self._imports: set[tuple[str, str]] = set()
        self._models = dict(_own_models(self._tree, module))
        self._types = PartialTypes(vars(module), _aliases(self._tree), self._partial_name)
        self._declared: set[str] = set()
        self._mixed: set[str] = set()
        self.unknown: set[type] = set()

    def text(self, source_name: str) -> str:
        """The stub's text."""
        body = [each for node in self._tree.body for each in self._statement(node)]
        written = [ast.unparse(ast.fix_missing_locations(each)) for each in body]
        words = set(re.findall(r"\w+", "\n".join(written)))
        imports = [line for name, line in _IMPORTS.items() if name in words]
        partials = [f"from {module} import {name}" for module, name in sorted(self._imports)]
        header = _HEADER.format(source=source_name)
        parts = [header, *imports, *partials, *map(self._commented, written)]
        return _BODY.sub(": ...", "\n".join(parts)).rstrip() + "\n"

    def _commented(self, text: str) -> str:
        """The declaration; with a comment for ty if it derives from `Box[User]`.

        Its partial class derives from `PartialBox[PartialUser]`, and Box from `PartialBox[User]`.
        """
        first, newline, rest = text.partition("\n")
        name = first.removeprefix("class ").partition("(")[0]
        return f"{first}{'  # ty: ignore' if name in self._mixed else ''}{newline}{rest}"

    def _partial_name(self, model: type) -> str | None:
        own: type = _plain_class(model)
        if self._models.get(own.__name__) is own:
            return f"Partial{own.__name__}"
        if own in (BaseModel, RootModel):
            return None
        if not self._foreign(own):
            self.unknown.add(own)
            return None
        self._imports.add((own.__module__, f"Partial{own.__name__}"))
        return f"Partial{own.__name__}"

    def _statement(self, node: ast.stmt) -> Iterator[ast.stmt]:
        if isinstance(node, ast.ClassDef) and node.name in self._models:
            self._types.parameters = frozenset(_parameters(node))
            yield from self._variables(node)
            yield self._partial_class(node)
            yield self._model(node)
        else:
            yield from without_bodies(node, self._module)

    # The two classes of a model ------------------------------------------------------------------

    def _variables(self, node: ast.ClassDef) -> Iterator[ast.stmt]:
        """The type variables of a generic model's partial class."""
        new = [] if getattr(node, "type_params", ()) else sorted(self._types.parameters)
        for each in new:
            if each not in self._declared:
                self._declared.add(each)
                name = covariant(each)
                yield ast.parse(f"{name} = _TypeVar({name!r}, covariant=True)").body[0]

    def _partial_class(self, node: ast.ClassDef) -> ast.ClassDef:
        model = self._models[node.name]
        parameters = [covariant(each) for each in _parameters(node)]
        body = [
            _class_method("__partial__", _subscripted(f"Partial{node.name}", parameters)),
            # Type checkers refuse a covariant parameter in place of the final type.
            _class_method("__final__", "_Any" if parameters else node.name),
            *self._properties(node, model),
            *([] if parameters else self._members(node)),
        ]
        made = _class(node, f"Partial{node.name}", self._partial_bases(node), body)
        for each in getattr(made, "type_params", ()):
            each.name = covariant(each.name)
        return made

    def _model(self, node: ast.ClassDef) -> ast.ClassDef:
        stripped = [each for item in node.body for each in without_bodies(item, self._module)]
        body = [_class_method("__final__", "_Self"), *self._root(node), *stripped]
        if any(self._is_argumented(base) for base in node.bases):
            self._mixed.add(node.name)
        partial = _expression(_subscripted(f"Partial{node.name}", _parameters(node)))
        made = _class(node, node.name, [partial, *node.bases], body)
        made.keywords = node.keywords
        made.decorator_list = node.decorator_list
        return made

    def _is_argumented(self, base: ast.expr) -> bool:
        """Whether it is one of the module's generic models, with models as its arguments."""
        partial = self._types(base)
        return (
            isinstance(base, ast.Subscript)
            and not same(partial, base)
            and any(not same(self._types(each), parsed(each)) for each in elements(base.slice))
            and not _is_root(self._types.resolve(base))
            and not _is_generic(base)
        )

    def _root(self, node: ast.ClassDef) -> Iterator[ast.stmt]:
        """`root: …` of a root model, which else would be declared by two bases."""
        argument = _root_argument(node, self._types)
        if argument is not None and "root" not in _annotations(node):
            yield ast.AnnAssign(ast.Name("root"), argument, None, simple=1)

    def _partial_bases(self, node: ast.ClassDef) -> list[ast.expr]:
        bases = [each for base in node.bases for each in self._partial_base(base)]
        has_model = any(not _is_generic(each) for each in bases)
        return bases if has_model else [ast.Name("_BaseModel"), *bases]

    def _partial_base(self, base: ast.expr) -> list[ast.expr]:
        """The base of a partial class for one of the model; none if it would bring whole fields."""
        found = self._types.resolve(base)
        if _is_root(found):
            return [ast.Name("_BaseModel")]
        if _is_generic(base) and isinstance(base, ast.Subscript):
            names = [self._types(each) for each in elements(base.slice)]
            return [ast.Subscript(base.value, joined(names))]
        if not is_model(found) or found is BaseModel:
            return [base]
        partial = self._types(base)
        return [] if same(partial, base) and found.model_fields else [partial]

    # The members of a partial class --------------------------------------------------------------

    def _properties(self, node: ast.ClassDef, model: type[BaseModel]) -> Iterator[ast.stmt]:
        empty = _empty_snapshot(model)
        argument = _root_argument(node, self._types)
        if argument is not None:
            yield _property("root", self._types(argument))
            return
        for name, annotation in _annotations(node).items():
            if name not in model.model_fields:
                continue
            partial = self._types(annotation)
            if self._may_be_missing(model, name, empty):
                partial = _optional(partial)
            yield _property(name, partial)

    def _may_be_missing(self, model: type[BaseModel], name: str, empty: Any) -> bool:
        """Whether a snapshot may have None there though the field's type has not."""
        if getattr(empty, name, None) is None:
            return True
        # The snapshot has an empty model there, unless that would hold itself.
        return model.model_fields[name].is_required() and _recurs(model, name)

    def _members(self, node: ast.ClassDef) -> Iterator[ast.stmt]:
        """Methods, properties and constants, which snapshots have, too."""
        for item in node.body:
            if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                if item.name.startswith("__") or _decorators(item) & _PYDANTIC:
                    continue
                made = function_stub(_copy(item))
                if "computed_field" in _decorators(item) and made.returns is not None:
                    made.returns = _optional(parsed(made.returns))
                yield made
            elif isinstance(item, ast.AnnAssign) and "ClassVar" in ast.unparse(item.annotation):
                yield item


# Of a class's declaration ------------------------------------------------------------------------


def _own_models(tree: ast.Module, module: ModuleType) -> Iterator[tuple[str, type[BaseModel]]]:
    for node in tree.body:
        found: Any = vars(module).get(node.name) if isinstance(node, ast.ClassDef) else None
        if is_model(found) and found.__module__ == module.__name__:
            yield found.__name__, found


def _aliases(tree: ast.Module) -> dict[str, ast.expr]:
    """The names that may stand for types, with their expressions."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(name)]):
                found[name] = node.value
            case ast.AnnAssign(target=ast.Name(name)) if node.value is not None:
                found[name] = node.value
        if type(node).__name__ == "TypeAlias":  # `type X = …`, from Python 3.12 on
            found[node.name.id] = node.value  # type: ignore[attr-defined]
    kinds = (ast.Subscript, ast.BinOp, ast.Name, ast.Constant)
    return {name: value for name, value in found.items() if isinstance(value, kinds)}


def _annotations(node: ast.ClassDef) -> dict[str, ast.expr]:
    return {
        item.target.id: item.annotation
        for item in node.body
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    }


def _root_argument(node: ast.ClassDef, types: PartialTypes) -> ast.expr | None:
    """X of a class that derives from `RootModel[X]` or declares `root: X`; None of any other."""
    for base in node.bases:
        found = types.resolve(base)
        if _is_root(found):
            if isinstance(base, ast.Subscript):
                return parsed(base.slice)
            return _annotations(node).get("root")
    return None


def _is_root(found: Any) -> bool:
    return isinstance(found, type) and _plain_class(found) is RootModel


def _is_generic(base: ast.expr) -> bool:
    """Whether it is `Generic[…]` or `Protocol[…]`."""
    name = base.value if isinstance(base, ast.Subscript) else base
    return ast.unparse(name).rpartition(".")[2] in ("Generic", "Protocol")


def _plain_class(model: type) -> Any:
    """`Box` for `Box[User]`; any other class itself."""
    metadata: Any = getattr(model, "__pydantic_generic_metadata__", None) or {}
    return metadata.get("origin") or model


def _parameters(node: ast.ClassDef) -> list[str]:
    """The names of a class's type parameters."""
    found = [each.name for each in getattr(node, "type_params", ())]
    for base in node.bases:
        if _is_generic(base) and isinstance(base, ast.Subscript):
            found = [ast.unparse(each) for each in elements(base.slice)]
    return found


def _subscripted(name: str, parameters: list[str]) -> str:
    return f"{name}[{', '.join(parameters)}]" if parameters else name


def _decorators(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The names of a method's decorators, without their modules."""
    found = set()
    for each in node.decorator_list:
        called = each.func if isinstance(each, ast.Call) else each
        found.add(ast.unparse(called).rpartition(".")[2])
    return found


# Of a model at run time --------------------------------------------------------------------------


def _empty_snapshot(model: type[BaseModel]) -> Any:
    """The snapshot of an answer that has only begun; None if there is none."""
    if issubclass(model, RootModel):
        return None
    try:
        with partwise.parse(model, ["{"]) as stream:
            return next(stream)
    except Exception:  # noqa: BLE001 - so every field may be None
        return None


def _recurs(model: type[BaseModel], name: str) -> bool:
    """Whether the field's type leads back to the model."""
    seen: set[Any] = set()
    pending: list[Any] = [model.model_fields[name].annotation]
    while pending:
        found = pending.pop()
        if found is model:
            return True
        if is_model(found) and found not in seen:
            seen.add(found)
            fields: Iterable[FieldInfo] = found.model_fields.values()
            pending.extend(field.annotation for field in fields)
        pending.extend(each for each in getattr(found, "__args__", ()) if each is not Ellipsis)
    return False


# Making nodes ------------------------------------------------------------------------------------


def _class(
    node: ast.ClassDef, name: str, bases: list[ast.expr], body: list[ast.stmt]
) -> ast.ClassDef:
    made: ast.ClassDef = _copy(node)
    made.name, made.bases, made.body = name, bases, body
    made.keywords, made.decorator_list = [], []
    return made


def _property(name: str, annotation: ast.expr) -> ast.stmt:
    return ast.parse(f"@property\ndef {name}(self) -> {ast.unparse(annotation)}: ...").body[0]


def _class_method(name: str, returns: str) -> ast.stmt:
    return ast.parse(f"@classmethod\ndef {name}(cls) -> {returns}: ...").body[0]


def _optional(annotation: ast.expr) -> ast.expr:
    text = ast.unparse(annotation)
    is_optional = text.endswith("| None") or "Optional[" in text[:16] or text in ("None", "Any")
    return annotation if is_optional else _expression(f"{text} | None")


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _copy(node: Any) -> Any:
    return ast.parse(ast.unparse(ast.fix_missing_locations(node))).body[0]
