"""`partwise stubs`: the types of a module's snapshots, for type checkers."""

from __future__ import annotations

import difflib
import importlib
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .stub_writer import StubWriter

if TYPE_CHECKING:
    from types import ModuleType

_STALE = 1


@click.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--check", is_flag=True, help="Write nothing; fail if a stub is not up to date.")
@click.pass_context
def stubs(context: click.Context, *, files: tuple[Path, ...], check: bool) -> None:
    """Write the stub of each module FILE beside it: models.pyi for models.py.

    In the stub each pydantic model Team has a PartialTeam, the type of its snapshots: a field that
    may not have arrived is None there. So type checkers find what a half-written answer lacks, and
    know result() as a whole Team. With --check, print the difference to the stub that is there.
    """
    paths = {path.resolve() for path in files}
    stale = [path for path in files if not _write(path, paths, check=check)]
    if stale:
        names = " ".join(map(str, files))
        click.echo(f"not up to date; run: partwise stubs {names}", err=True)
        context.exit(_STALE)


def _write(path: Path, given: set[Path], *, check: bool) -> bool:
    """Write a module's stub, or compare it. False if it is to be up to date, and is not."""
    stub = path.with_suffix(".pyi")
    writer = StubWriter(
        _imported(path), path.read_text(encoding="utf-8"), partial(_has_stub, given)
    )
    text = writer.text(path.name)
    for model in sorted(writer.unknown, key=lambda model: model.__qualname__):
        click.echo(_on_unknown(path, model), err=True)
    there = stub.read_text(encoding="utf-8") if stub.exists() else ""
    if not check:
        stub.write_text(text, encoding="utf-8")
        return True
    click.echo("".join(_difference(there, text, stub)), nl=False)
    return there == text


def _difference(there: str, text: str, stub: Path) -> list[str]:
    before, after = there.splitlines(keepends=True), text.splitlines(keepends=True)
    return list(difflib.unified_diff(before, after, str(stub), f"{stub} (as it is to be)"))


def _has_stub(given: set[Path], model: type) -> bool:
    """Whether a model's partial class is in its module's stub, or will be after this run."""
    file = getattr(sys.modules.get(model.__module__), "__file__", None)
    if file is None or "." in model.__qualname__:
        return False
    stub = Path(file).with_suffix(".pyi")
    declaration = f"class Partial{model.__name__}("
    return Path(file).resolve() in given or (
        stub.exists() and declaration in stub.read_text(encoding="utf-8")
    )


def _on_unknown(path: Path, model: type) -> str:
    advice = (
        "it is inside of another class or function"
        if "." in model.__qualname__
        else f"write the stub of {model.__module__}, too, to have it"
    )
    return f"{path}: {model.__qualname__} has no partial type; {advice}"


def _imported(path: Path) -> ModuleType:
    """The module of a file, by the name that it has in its package.

    Raises:
        click.UsageError: it can't be imported by that name.
    """
    file = path.resolve()
    names = [] if file.stem == "__init__" else [file.stem]
    root = file.parent
    while (root / "__init__.py").exists():
        names.insert(0, root.name)
        root = root.parent
    if str(root) not in sys.path:
        sys.path.append(str(root))  # at the end: a file is not to take a package's place
    name = ".".join(names)
    try:
        module = importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise click.UsageError(
            f"importing {path} as {name!r} raised {type(error).__name__}: {error}"
        ) from error
    found = Path(module.__file__ or "")
    if found.resolve() != file:
        raise click.UsageError(
            f"{path} can't be imported: {name!r} is {found} here; rename one of them"
        )
    return module
