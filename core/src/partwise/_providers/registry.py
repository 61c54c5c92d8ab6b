"""Finding the provider of a name among what is installed.

A plugin is what an entry point of the group `partwise` names: a module, loaded only when its
provider is asked for, so a broken one breaks only itself. For one name there may be several; the
first of these that exists is taken, and two at one rank are an error:

1. what was given to `register`,
2. the plugin whose entry point has that name,
3. a row of that name in any other plugin, as the OpenAI plugin has for compatible servers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import pluggy

from .._errors import ConfigurationError, ProviderNotFoundError
from . import hookspecs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.metadata import EntryPoint

    from .protocol import ProviderFactory

Rows: TypeAlias = "dict[str, ProviderFactory]"

GROUP: Final = "partwise"

_lower_bound: Final = re.compile(
    r"partwise(?![\w.-])\s*(?:\[[^\]]*\])?\s*\(?[^;]*?(?:>=|~=|===?|>)\s*(\d+(?:\.\d+)*)"
).match


class BrokenPluginError(Exception):
    """A plugin that is installed and can't be used. Says why."""


@dataclass(frozen=True, slots=True)
class ProviderInfo:
    """A provider that is installed.

    Attributes:
        name: as in `from_provider("name/…")`.
        distribution: what to name to pip; "" for one given to `register`.
        version: the distribution's.
        state: `"ready"`; `"broken"`, which can't be loaded; `"conflict"`, where several claim the
            name; `"shadowed"`, where a plugin of that very name is taken instead.
        detail: what is wrong, in a sentence; "" if nothing is.
    """

    name: str
    distribution: str
    version: str
    state: Literal["ready", "broken", "conflict", "shadowed"]
    detail: str = ""


class Plugin:
    """What one entry point names."""

    def __init__(self, entry_point: EntryPoint) -> None:
        self._entry_point = entry_point
        self.name = entry_point.name

    @property
    def distribution(self) -> str:
        return self._entry_point.dist.name if self._entry_point.dist else "?"

    @property
    def version(self) -> str:
        return self._entry_point.dist.version if self._entry_point.dist else "?"

    @cached_property
    def rows(self) -> Rows:
        """The factories that it registers, by name.

        Raises:
            BrokenPluginError: it can't be loaded.
        """
        self._check_age()
        try:
            return _rows(_loaded(self._entry_point))
        except Exception as error:
            raise self._broken(f"it raised {type(error).__name__}: {error}") from error

    def factory(self, name: str) -> ProviderFactory:
        """What makes the provider of that name.

        Raises:
            BrokenPluginError: it can't be loaded, or does not register the name.
        """
        if name not in self.rows:
            raise self._broken(f"it registers no provider {name!r}")
        return self.rows[name]

    def _check_age(self) -> None:
        from importlib.metadata import version  # noqa: PLC0415 - see `_plugins`

        own = version("partwise")
        needed = next(filter(None, map(_lower_bound, self._requirements())), None)
        if needed and _release(own) < _release(needed[1]):
            raise self._broken(
                f"it is built for partwise {needed[1]}, and this is {own}: "
                "pip install --upgrade partwise"
            )

    def _requirements(self) -> Iterable[str]:
        return (self._entry_point.dist.requires or ()) if self._entry_point.dist else ()

    def _broken(self, why: str) -> BrokenPluginError:
        return BrokenPluginError(
            f"the plugin {self.name!r} of {self.distribution} {self.version} can't be used: {why}"
        )


# What is installed --------------------------------------------------------------------------


def _plugins() -> list[Plugin]:
    """All plugins, each distribution's own, in the order of their names."""
    # Takes 17 ms to import, which `import partwise` shall not pay.
    from importlib.metadata import entry_points  # noqa: PLC0415

    found = {(each.name, _distribution(each)): each for each in entry_points(group=GROUP)}
    return [Plugin(found[key]) for key in sorted(found)]


def _distribution(entry_point: EntryPoint) -> str:
    return entry_point.dist.name if entry_point.dist else ""


def find(name: str) -> ProviderFactory:
    """What makes the provider of that name.

    Raises:
        ProviderNotFoundError: nothing does, or it is broken, or several do.
    """
    if given := _given_rows().get(name):
        return given
    plugins = _plugins()
    own = [plugin for plugin in plugins if plugin.name == name]
    try:
        if own:
            return _only(name, own).factory(name)
        rows = [plugin for plugin in plugins if name in _rows_if_any(plugin)]
        if rows:
            return _only(name, rows).factory(name)
    except BrokenPluginError as error:
        raise ProviderNotFoundError(str(error)) from error
    raise _not_found(name, plugins)


def _only(name: str, claimants: list[Plugin]) -> Plugin:
    first, *others = claimants
    if others:
        raise ProviderNotFoundError(
            f"{_claims(claimants)} claim the provider {name!r}: uninstall all but one"
        )
    return first


def _claims(claimants: Iterable[Plugin]) -> str:
    return " and ".join(sorted(plugin.distribution for plugin in claimants))


def _rows_if_any(plugin: Plugin) -> Rows:
    """What the plugin registers; nothing if it is broken, which is nobody else's trouble."""
    try:
        return plugin.rows
    except BrokenPluginError:
        return {}


def _not_found(name: str, plugins: list[Plugin]) -> ProviderNotFoundError:
    return ProviderNotFoundError(
        f"no provider is called {name!r}; installed: {_names(plugins)}. "
        f"Perhaps: pip install partwise-{name}"
    )


def known_names() -> str:
    """The names of all usable providers, in a sentence."""
    return _names(_plugins())


def _names(plugins: list[Plugin]) -> str:
    rows = {row for plugin in plugins for row in _rows_if_any(plugin)}
    return ", ".join(sorted({*_given_rows(), *rows})) or "none"


def installed_providers() -> list[ProviderInfo]:
    """All providers that are installed, usable or not, by name. Loads each plugin."""
    plugins = _plugins()
    given = [ProviderInfo(name, "", "", "ready") for name in _given_rows()]
    found = [info for plugin in plugins for info in _infos(plugin, plugins)]
    return sorted([*given, *found], key=lambda info: (info.name, info.distribution))


def _infos(plugin: Plugin, plugins: list[Plugin]) -> Iterator[ProviderInfo]:
    try:
        names = {plugin.name: plugin.factory(plugin.name), **plugin.rows}
    except BrokenPluginError as error:
        yield ProviderInfo(plugin.name, plugin.distribution, plugin.version, "broken", str(error))
        return
    for name in names:
        state, detail = _standing(name, plugin, plugins)
        yield ProviderInfo(name, plugin.distribution, plugin.version, state, detail)


def _standing(
    name: str, plugin: Plugin, plugins: list[Plugin]
) -> tuple[Literal["ready", "conflict", "shadowed"], str]:
    own = [other for other in plugins if other.name == name]
    if own and plugin.name != name:
        return "shadowed", f"{_claims(own)} has a plugin of that name"
    rivals = own or [other for other in plugins if name in _rows_if_any(other)]
    if len(rivals) > 1:
        return "conflict", f"{_claims(rivals)} claim it"
    return "ready", ""


# Plugins as pluggy knows them ---------------------------------------------------------------

_manager: Final = pluggy.PluginManager("partwise")
_manager.add_hookspecs(hookspecs)
_given: Final[list[Any]] = []


def register(plugin: object) -> None:
    """Use a plugin that is in no entry point: a module or object with `hookimpl` methods.

    It may implement `register_providers`, whose names then come before all others, and
    `observe`, which hears of everything in every call. One that is in an entry point, too, comes
    before the others in this way.

    Raises:
        ConfigurationError: it is registered already, or its hooks take what none gives.
    """
    if plugin in _given:
        raise ConfigurationError(f"registered already: {plugin!r}")
    try:
        _make_known(plugin)
    except (ValueError, pluggy.PluginValidationError) as error:
        raise ConfigurationError(str(error)) from error
    _given.append(plugin)


def unregister(plugin: object) -> None:
    """Forget a plugin given to `register`.

    Raises:
        ConfigurationError: it was not registered.
    """
    if plugin not in _given:
        raise ConfigurationError(f"not registered: {plugin!r}")
    _manager.unregister(plugin)
    _given.remove(plugin)


def observers() -> Callable[..., object] | None:
    """The call that reaches all observers, or None if there are none."""
    observe = _manager.hook.observe
    return observe if observe.get_hookimpls() else None


def _given_rows() -> Rows:
    return {name: factory for plugin in _given for name, factory in _rows(plugin).items()}


def _loaded(entry_point: EntryPoint) -> object:
    """The plugin that the entry point names, known to pluggy."""
    plugin: object = entry_point.load()
    _make_known(plugin)
    return plugin


def _make_known(plugin: object) -> None:
    if not _manager.is_registered(plugin):
        _manager.register(plugin)


def _rows(plugin: object) -> Rows:
    """What this plugin alone registers."""
    rows: Rows = {}
    others = _manager.get_plugins() - {plugin}
    caller = _manager.subset_hook_caller("register_providers", others)
    caller(register=rows.__setitem__)
    return rows


def _release(version: str) -> tuple[int, ...]:
    """`1.2.0rc1` as (1, 2): enough to tell older from newer."""
    numbers = re.match(r"\d+(?:\.\d+)*", version)
    parts = [int(part) for part in numbers[0].split(".")] if numbers else []
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)
