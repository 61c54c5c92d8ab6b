"""Response models named on a command line, as `module:Name`."""

from __future__ import annotations

import importlib
import sys
from functools import reduce
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import click

import partwise


def response_model(name: str) -> object:
    """A type that pydantic validates, by its module and name: `models:MeetingInfo`.

    The module is installed, or a file in the current folder. No file there is imported in place of
    an installed module of the same name, such as a vendor's SDK.

    Raises:
        click.BadParameter: there is none of that name, its module can't be imported, or it is not
            a type that an answer can have.
    """
    module_name, colon, path = name.partition(":")
    module_name = module_name.removesuffix(".py").replace("/", ".")
    if not (module_name and colon and path):
        raise click.BadParameter(f'{name!r} is not a type: write "module:Name".')
    found: Any = _found(module_name, path)
    try:
        partwise.parse(found, "").close()
    except Exception as error:  # pydantic may raise anything for a wrong type
        first_line = str(error).partition("\n")[0]
        raise click.BadParameter(f"{name!r} can't be a response model: {first_line}") from error
    return found


def _found(module_name: str, path: str) -> object:
    try:
        module = _imported(module_name)
    except ModuleNotFoundError as error:
        raise click.BadParameter(_missing(error, module_name)) from error
    except (Exception, SystemExit) as error:
        message = f"importing {module_name!r} raised {type(error).__name__}: {error}."
        raise click.BadParameter(message) from error
    try:
        return reduce(getattr, path.split("."), module)
    except AttributeError as error:
        raise click.BadParameter(f"{module_name!r} has no {path!r}.") from error


def _imported(name: str) -> object:
    here = str(Path.cwd())
    look_here_last()
    top = name.partition(".")[0]
    elsewhere = [entry for entry in sys.path if entry not in ("", here)]
    own, installed = PathFinder.find_spec(top, [here]), PathFinder.find_spec(top, elsewhere)
    if own and installed and None is not own.origin != installed.origin:
        raise ImportError(
            f"{own.origin} has the name of an installed module, {installed.origin}: rename it"
        )
    return importlib.import_module(name)


def look_here_last() -> None:
    """Let imports find modules of the current folder, after all that is installed.

    Python puts the folder first for `python -m partwise`, so that a file `openai.py` in it would be
    imported as the SDK.
    """
    here = str(Path.cwd())
    if sys.path and sys.path[0] in ("", here):
        del sys.path[0]
    if here not in sys.path:
        sys.path.append(here)


def _missing(error: ModuleNotFoundError, asked: str) -> str:
    if error.name and f"{asked}.".startswith(f"{error.name}."):
        return f"there is no module {error.name!r} in {Path.cwd()}, and none is installed."
    return f"{asked!r} needs {error.name!r}, which is not installed."
