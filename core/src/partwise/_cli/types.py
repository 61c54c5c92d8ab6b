"""Response models named on a command line, as `module:Name`."""

from __future__ import annotations

import importlib
import sys
from functools import reduce
from pathlib import Path
from typing import Any

import click


class ResponseModel(click.ParamType[object]):
    """A type that pydantic validates, by its module and name: `models:MeetingInfo`.

    The current folder is looked in first, as Python does for a script in it.
    """

    name = "MODULE:NAME"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """The type.

        Raises:
            click.BadParameter: there is none of that name, or its module can't be imported.
        """
        module_name, colon, path = value.partition(":")
        if not (module_name and colon and path):
            self.fail(f'{value!r} names no type: write "module:Name".', param, ctx)
        try:
            module = _imported(module_name)
        except ModuleNotFoundError as error:
            self.fail(f"{_missing(error, module_name)}.", param, ctx)
        except Exception as error:  # noqa: BLE001 - it is the user's module, and may do anything
            told = f"{type(error).__name__}: {error}"
            self.fail(f"importing {module_name!r} raised {told}.", param, ctx)
        try:
            return reduce(getattr, path.split("."), module)
        except AttributeError:
            self.fail(f"{module_name!r} has no {path!r}.", param, ctx)


def _imported(name: str) -> object:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    return importlib.import_module(name)


def _missing(error: ModuleNotFoundError, asked: str) -> str:
    if error.name and f"{asked}.".startswith(f"{error.name}."):
        return f"there is no module {error.name!r} in {Path.cwd()} or among what is installed"
    return f"{asked!r} needs {error.name!r}, which is not installed"
