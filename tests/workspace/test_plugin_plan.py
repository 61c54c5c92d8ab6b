"""All plugins have one plan, which the skeleton of a new one has, too."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

VENDORS = ("openai", "anthropic", "google", "mistral", "bedrock", "acme")

ALWAYS = {"__init__", "_provider", "_request", "_decoder", "_errors", "_schema", "_sdk"}
OFTEN = {"_messages", "_profiles"}
OWN = {
    "openai": {"_models", "_responses", "_servers", "_sse"},  # two APIs, thirty servers
    "google": {"_options", "_partial_args"},
}

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

METHODS = [
    "__init__", "capabilities", "build_request", "decoder", "map_error", "fallback",
    "open", "aopen", "warm", "close", "aclose",
]  # fmt: skip

DEFINED = {
    "_decoder": {"feed", "close"},
    "_errors": {"map_error"},
    "_messages": {"to_messages"},
    "_profiles": {"model_rows", "profile_of"},
    "_request": {"build_request"},
    "_schema": {"ENFORCED"},
    "_sdk": {"client", "stream", "astream"},
}
"""Names that a module of that name has, in whichever plugin."""

LACKING = {
    ("acme", "_sdk"): {"client", "stream", "astream"},  # a toy with clients of its own
    ("openai", "_profiles"): {"model_rows", "profile_of"},  # its tables are servers'
    ("mistral", "_profiles"): {"profile_of"},  # all models are alike
}


def folder_of(root: Path, vendor: str) -> Path:
    if vendor == "acme":
        skeleton = root / "conformance" / "src" / "partwise_conformance" / "skeleton"
        return skeleton / "files" / "src" / "partwise_acme"
    return root / "plugins" / vendor / "src" / f"partwise_{vendor}"


def definitions(body: list[ast.stmt]) -> list[str]:
    """The names of functions, classes and constants, in their order."""
    names = []
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.append(name)
            case ast.ClassDef(name=name):
                names += [name, *definitions(node.body)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.append(name)
    return names


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_files(root: Path, vendor: str) -> None:
    names = {path.stem for path in folder_of(root, vendor).glob("*.py")}

    assert names >= ALWAYS
    assert names - ALWAYS - OFTEN == OWN.get(vendor, set())


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_methods_of_the_provider_in_their_order(root: Path, vendor: str) -> None:
    tree = ast.parse((folder_of(root, vendor) / "_provider.py").read_text())
    (provider,) = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    methods = [node.name for node in provider.body if isinstance(node, _FUNCTIONS)]

    assert methods[: len(METHODS)] == METHODS
    assert all(name.startswith("_") for name in methods[len(METHODS) :])


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_same_things_have_the_same_names(root: Path, vendor: str) -> None:
    for name, wanted in DEFINED.items():
        path = folder_of(root, vendor) / f"{name}.py"
        if path.exists():
            found = definitions(ast.parse(path.read_text()).body)
            assert wanted - LACKING.get((vendor, name), set()) <= set(found), name


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_sdk_is_imported_late(root: Path, vendor: str) -> None:
    """No module imports `_sdk` at its top, so a plugin that is only installed costs no time."""
    for path in folder_of(root, vendor).glob("*.py"):
        imports = [
            node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ImportFrom)
        ]
        assert not [node for node in imports if node.module == "_sdk"], path.name
