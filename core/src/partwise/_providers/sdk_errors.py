"""A vendor's SDK that is missing, or of a version that the plugin was not made for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .._errors import ConfigurationError
from .registry import GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import Distribution

_REQUIREMENT: Final = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*([^;]*)")


def unusable_sdk(error: ImportError, provider: object) -> ConfigurationError:
    """The error for an import that failed in a plugin: the SDK is missing, or too old.

    The message names the modules, the versions that the plugin's distribution requires, those
    that are installed, and the command that installs the right ones.
    """
    failure = f"{type(error).__name__}: {error}"
    distribution = _distribution_of(provider)
    if distribution is None:
        return ConfigurationError(f"the provider's SDK can't be imported: {failure}")
    name = distribution.metadata["Name"]
    needs = ", ".join(_needs(distribution))
    return ConfigurationError(
        f"the SDK of {name} can't be imported ({failure}){needs and f'; it needs {needs}'}: "
        f"pip install --upgrade {name}"
    )


def _distribution_of(provider: object) -> Distribution | None:
    """The distribution whose entry point leads to the package of the provider's class."""
    # Takes 17 ms to import, which `import partwise` shall not pay.
    from importlib.metadata import entry_points  # noqa: PLC0415

    package = type(provider).__module__.partition(".")[0]
    points = (each for each in entry_points(group=GROUP) if each.module.split(".")[0] == package)
    return next((point.dist for point in points if point.dist is not None), None)


def _needs(distribution: Distribution) -> Iterator[str]:
    """Each package that it requires besides partwise's own, with the version that is installed."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - as above

    for requirement in distribution.requires or ():
        found = _REQUIREMENT.match(requirement)
        if found is None or "extra ==" in requirement or found[1].startswith("partwise"):
            continue
        try:
            installed = f"{version(found[1])} is installed"
        except PackageNotFoundError:
            installed = "not installed"
        yield f"{found[1]}{found[2].strip()} ({installed})"
