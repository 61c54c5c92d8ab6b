"""A new plugin, complete: `write_plugin("acme", Path())` makes the project `partwise-acme`.

Its files lie in the folder `files` beside this module as the plugin of a vendor called Acme: they
are a project that lives, and is tested as one. To make another's, the name is put in its place in
its four spellings, in the text and in the names of files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import PackageNotFoundError, distribution, version
from inspect import getmembers, isfunction, signature
from typing import TYPE_CHECKING, Final

from ..suite import ProviderConformance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable
    from pathlib import Path

__all__ = ["PluginNameError", "write_plugin"]

_LONGEST: Final = 40
_ACME = re.compile(r"partwise_acme|ACME|Acme|acme")


class PluginNameError(ValueError):
    """A plugin can't have that name. Says why."""


@dataclass(frozen=True, slots=True)
class PluginName:
    """A provider's name, as in `from_provider("my-vendor/…")`, and its other spellings."""

    provider: str

    @property
    def distribution(self) -> str:
        """The distribution's name, as for pip."""
        return f"partwise-{self.provider}"

    def spelled_like(self, acme: str) -> str:
        """The name in the spelling that this has of `acme`."""
        snake = self.provider.replace("-", "_")
        return {
            "partwise_acme": f"partwise_{snake}",
            "ACME": snake.upper(),
            "Acme": "".join(word.capitalize() for word in self.provider.split("-")),
            "acme": self.provider,
        }[acme]

    def put_into(self, text: str) -> str:
        """The text with this name in Acme's place."""
        return _ACME.sub(lambda match: self.spelled_like(match[0]), text)


def plugin_name(given: str) -> PluginName:
    """The provider's name that is meant by `given`, such as `my-vendor` by `My Vendor`.

    Raises:
        PluginNameError: none can be made of it, or it is another's already.
    """
    plain = re.sub(r"[^a-z0-9]+", "-", given.lower()).strip("-").removeprefix("partwise-")
    if not re.match(r"[a-z]", plain) or len(plain) > _LONGEST:
        raise PluginNameError(
            f"no provider can be called {given!r}: a name is a letter, then letters, digits and "
            f"dashes, {_LONGEST} at most"
        )
    name = PluginName(plain)
    try:
        taken = distribution(name.distribution)
    except PackageNotFoundError:
        return name
    raise PluginNameError(f"{taken.name} {taken.version} is installed already: take another name")


def write_plugin(given: str, into: Path) -> tuple[PluginName, list[Path]]:
    """Write the project `partwise-NAME` as a new folder in `into`: its name, and its files.

    Raises:
        PluginNameError: it can't be called so.
        FileExistsError: there is something in that place.
    """
    name = plugin_name(given)
    folder = into / name.distribution
    folder.mkdir(parents=True)
    return name, [_write(folder / name.put_into(path), text, name) for path, text in _files()]


def _write(path: Path, text: str, name: PluginName) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(name.put_into(_filled_in(text)), encoding="utf-8")
    return path


def _files() -> Iterator[tuple[str, str]]:
    """The path and the text of each file, those with the suffix `.in` under their own names."""
    return _walk(resources.files(__name__) / "files", "")


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name == "__pycache__":
            continue
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            own = entry.name.removesuffix(".in").replace("gitignore", ".gitignore")
            yield prefix + own, entry.read_text(encoding="utf-8")


def _filled_in(text: str) -> str:
    own = version("partwise-conformance")
    major, minor = own.split(".")[:2]
    following = f"0.{int(minor) + 1}" if major == "0" else str(int(major) + 1)
    values = {"VERSION": own, "NEXT": following, "HELD": str(_applicable())}
    return re.sub(r"@(VERSION|NEXT|HELD)@", lambda match: values[match[1]], text)


def _applicable() -> int:
    """How many tests there are for a plugin without recordings."""
    tests = getmembers(ProviderConformance, isfunction)
    return sum(
        name.startswith("test_") and "recording" not in signature(test).parameters
        for name, test in tests
    )
