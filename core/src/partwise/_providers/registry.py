"""Finding the provider of a name among the installed plugins.

A plugin is a module that an entry point of the group `partwise` names. It is loaded only when its
provider is asked for, so a broken one breaks only itself. For one name there may be several; the
first of these that exists is taken, and two at one rank are an error:

1. a plugin given to `register`,
2. the plugin whose entry point has that name,
3. a name that any other plugin registers, as the OpenAI plugin does for compatible servers.

A third-party plugin that takes a name of one of ours receives the key meant for that: its first use
is logged. `plugin=` names the distribution to use.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import pluggy

from .._errors import ConfigurationError, ProviderNotFoundError, described, shown
from .._nearest import nearest, nearest_name
from . import hookspecs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.metadata import EntryPoint

    from .protocol import ProviderFactory

Factories: TypeAlias = "dict[str, ProviderFactory]"

GROUP: Final = "partwise"

_OWN_NAMES: Final = {
    "anthropic": "partwise-anthropic",
    "bedrock": "partwise-bedrock",
    "fake": "partwise-fake",
    "generative-ai": "partwise-google",
    "google": "partwise-google",
    "mistral": "partwise-mistral",
    "openai": "partwise-openai",
    "record": "partwise-replay",
    "replay": "partwise-replay",
    "vertex": "partwise-google",
    "vertexai": "partwise-google",
}
"""The names that are registered by the distributions made together with this package."""

_FAMILIES: Final = {"aws": "bedrock", "claude": "anthropic", "gemini": "google", "gpt": "openai"}
"""Names that are given in place of the vendor's."""

_OWN: Final = frozenset(_OWN_NAMES.values())

_log: Final = logging.getLogger("partwise")


@dataclass(frozen=True, slots=True)
class ProviderInfo:
    """A provider that is installed.

    Attributes:
        name: as in `from_provider("name/…")`.
        distribution: its name, as for pip; "" for one given to `register`.
        version: the distribution's.
        state: `"ready"`; `"broken"`, which can't be loaded; `"conflict"`, if several claim the
            name; `"shadowed"`, if a plugin of that very name is used instead.
        detail: the fault, in a sentence; "" if there is none.
    """

    name: str
    distribution: str
    version: str
    state: Literal["ready", "broken", "conflict", "shadowed"]
    detail: str = ""


class Plugin:
    """The plugin of one entry point."""

    def __init__(self, entry_point: EntryPoint) -> None:
        self._entry_point = entry_point
        self.name = entry_point.name

    @cached_property
    def distribution(self) -> str:
        return self._entry_point.dist.name if self._entry_point.dist else "?"

    @property
    def version(self) -> str:
        return self._entry_point.dist.version if self._entry_point.dist else "?"

    @cached_property
    def factories(self) -> Factories:
        """The factories that it registers, by name.

        Raises:
            ProviderNotFoundError: it can't be loaded.
        """
        try:
            plugin: object = self._entry_point.load()
            _ensure_registered(plugin)
            return _factories_of(plugin)
        except Exception as error:
            raise self._broken(f"it raised {described(error)}") from error

    def factory(self, name: str) -> ProviderFactory:
        """The factory of the provider of that name.

        Raises:
            ProviderNotFoundError: it can't be loaded, or does not register the name.
        """
        if name not in self.factories:
            raise self._broken(f"it registers no provider {name!r}")
        return self.factories[name]

    def _broken(self, why: str) -> ProviderNotFoundError:
        return ProviderNotFoundError(
            f"the plugin {self.name!r} of {self.distribution} {self.version} can't be used: {why}"
        )


# Installed plugins ---------------------------------------------------------------------------


def _plugins() -> list[Plugin]:
    """All plugins, each distribution's own, in the order of their names.

    They are looked for again once a folder of `sys.path` has changed. It takes milliseconds, which
    a server that makes a client for each request would pay each time.
    """
    return _plugins_of(tuple((folder, _changed_at(folder)) for folder in sys.path))


def _changed_at(folder: str) -> int | None:
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return None


@lru_cache(maxsize=1)
def _plugins_of(_: tuple[tuple[str, int | None], ...]) -> list[Plugin]:
    # Takes 17 ms to import, which `import partwise` shall not pay.
    from importlib.metadata import entry_points  # noqa: PLC0415

    plugins = [Plugin(each) for each in entry_points(group=GROUP)]
    found = {(plugin.name, plugin.distribution): plugin for plugin in plugins}
    return [found[key] for key in sorted(found)]


def find(name: str, distribution: str | None = None) -> ProviderFactory:
    """The factory of the provider of that name; that of one distribution's plugin, if given.

    Raises:
        ProviderNotFoundError: there is none, or it is broken, or several claim the name.
    """
    if distribution is not None:
        return _pinned(name, distribution)
    if registered := _registered_factories().get(name):
        return registered
    plugins = _plugins()
    named = [plugin for plugin in plugins if plugin.name == name]
    claimants = named or [plugin for plugin in plugins if name in _factories_if_any(plugin)]
    if not claimants:
        raise _not_found(name, plugins)
    plugin, *others = claimants
    if others:
        raise ProviderNotFoundError(
            f"{_claims(claimants)} claim the provider {name!r}: uninstall all but one, "
            "or name the one to use, as in plugin=" + repr(plugin.distribution)
        )
    factory = plugin.factory(name)
    if plugin.distribution not in _OWN:
        _warn_of_takeover(name, plugin, plugins)
    return factory


def _pinned(name: str, distribution: str) -> ProviderFactory:
    wanted = _normalized(distribution)
    plugins = [each for each in _plugins() if _normalized(each.distribution) == wanted]
    if not plugins:
        distributions = sorted({plugin.distribution for plugin in _plugins()})
        raise ProviderNotFoundError(
            f"{distribution!r} has no plugin for partwise, or is not installed: plugin= is the "
            f"name of a distribution, one of {', '.join(distributions) or 'none'}"
            f"{nearest(distribution, distributions)}"
        )
    having = [plugin for plugin in plugins if name in _factories_if_any(plugin)]
    return (having or plugins)[0].factory(name)


def _warn_of_takeover(name: str, plugin: Plugin, plugins: list[Plugin]) -> None:
    """Log once that a third-party plugin has the name of a provider of ours, and gets its key."""
    ours = _own_claimants(name, plugins)
    if ours and (name, plugin.distribution) not in _warned:
        _warned.add((name, plugin.distribution))
        _log.warning(
            "the provider %r is that of %s, which takes the name from %s and gets its key; "
            'to choose, write from_provider("%s/…", plugin="%s")',
            *(name, plugin.distribution, ours[0].distribution, name, ours[0].distribution),
        )


def _own_claimants(name: str, plugins: list[Plugin]) -> list[Plugin]:
    ours = [plugin for plugin in plugins if plugin.distribution in _OWN]
    return [plugin for plugin in ours if name in _factories_if_any(plugin)]


def _normalized(distribution: str) -> str:
    """The name as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _claims(claimants: Iterable[Plugin]) -> str:
    return " and ".join(sorted(plugin.distribution for plugin in claimants))


def _factories_if_any(plugin: Plugin) -> Factories:
    """The plugin's factories; none if it is broken, which concerns nobody else."""
    try:
        return plugin.factories
    except ProviderNotFoundError:
        return {}


def _not_found(name: str, plugins: list[Plugin]) -> ProviderNotFoundError:
    hint = " ".join(_hints(name, plugins))
    return ProviderNotFoundError(
        f"no provider is called {name!r}{hint and f': {hint}'} (installed: {known_names()})"
    )


def _hints(name: str, plugins: list[Plugin]) -> Iterator[str]:
    """A name that may be meant, and the package to install for it, if it is known to exist."""
    installed = _all_names(plugins)
    likely = name if name in _OWN_NAMES else _FAMILIES.get(name.lower())
    likely = likely or nearest_name(name, {*installed, *_OWN_NAMES})
    if likely is not None and likely != name:
        yield f"did you mean {likely!r}?"
    if likely in _OWN_NAMES and likely not in installed:
        yield f"pip install {_OWN_NAMES[likely]}"
    elif "openai" not in installed:
        yield "servers that speak OpenAI's wire format: pip install partwise-openai"


def known_names() -> str:
    """The names of the usable plugins; how many others they serve, and where these are listed."""
    plugins = _plugins()
    usable = {plugin.name for plugin in plugins if plugin.name in _factories_if_any(plugin)}
    names = {*usable, *_registered_factories()}
    others = len(_all_names(plugins) - names)
    more = f" and {others} more names, see `partwise providers`" if others else ""
    return (", ".join(sorted(names)) or "none") + more


def _all_names(plugins: list[Plugin]) -> set[str]:
    rows = {row for plugin in plugins for row in _factories_if_any(plugin)}
    return {*_registered_factories(), *rows}


def installed_providers() -> list[ProviderInfo]:
    """All providers that are installed, usable or not, by name. Loads each plugin."""
    plugins = _plugins()
    given = [ProviderInfo(name, "", "", "ready") for name in _registered_factories()]
    found = [info for plugin in plugins for info in _infos(plugin, plugins)]
    return sorted([*given, *found], key=lambda info: (info.name, info.distribution))


def _infos(plugin: Plugin, plugins: list[Plugin]) -> Iterator[ProviderInfo]:
    try:
        names = {plugin.name: plugin.factory(plugin.name), **plugin.factories}
    except ProviderNotFoundError as error:
        yield ProviderInfo(plugin.name, plugin.distribution, plugin.version, "broken", str(error))
        return
    for name in names:
        state, detail = _resolve_state(name, plugin, plugins)
        yield ProviderInfo(name, plugin.distribution, plugin.version, state, detail)


def _resolve_state(
    name: str, plugin: Plugin, plugins: list[Plugin]
) -> tuple[Literal["ready", "conflict", "shadowed"], str]:
    own = [other for other in plugins if other.name == name]
    if own and plugin.name != name:
        return "shadowed", f"{_claims(own)} has a plugin of that name"
    rivals = own or [other for other in plugins if name in _factories_if_any(other)]
    if len(rivals) > 1:
        return "conflict", f"{_claims(rivals)} claim it"
    others = [] if plugin.distribution in _OWN else _own_claimants(name, plugins)
    return "ready", f"takes the name from {_claims(others)}" if others else ""


# Plugins as pluggy knows them ---------------------------------------------------------------

_manager: Final = pluggy.PluginManager("partwise")
_manager.add_hookspecs(hookspecs)
_registered: Final[list[Any]] = []
_warned: Final[set[tuple[str, str]]] = set()
"""Names and distributions that `_warn_of_takeover` has logged."""


def register(plugin: object) -> None:
    """Use a plugin that is in no entry point: a module or object with `hookimpl` methods.

    It may implement `register_providers`, whose names then come before all others, and
    `observe`, which receives every event of every call. One that is in an entry point, too, comes
    before the others in this way.

    Raises:
        ConfigurationError: it is registered already, or its hooks have unknown parameters.
    """
    try:
        is_known = plugin in _registered
        if not is_known:
            _ensure_registered(plugin)
    except (ValueError, pluggy.PluginValidationError) as error:
        raise ConfigurationError(str(error)) from error
    except Exception as error:
        message = f"not a plugin: reading {shown(plugin)} raised {described(error)}"
        raise ConfigurationError(message) from error
    if is_known:
        raise ConfigurationError(f"registered already: {shown(plugin)}")
    if not _manager.get_hookcallers(plugin):
        _manager.unregister(plugin)
        raise ConfigurationError(
            f"not a plugin: {shown(plugin)} has no hook; decorate its register_providers or "
            "observe with partwise.provider.hookimpl"
        )
    _registered.append(plugin)


def unregister(plugin: object) -> None:
    """Forget a plugin given to `register`.

    Raises:
        ConfigurationError: it was not registered.
    """
    if plugin not in _registered:
        raise ConfigurationError(f"not registered: {plugin!r}")
    _manager.unregister(plugin)
    _registered.remove(plugin)


def observers() -> Callable[..., object] | None:
    """The call that reaches all observers, or None if there are none."""
    observe = _manager.hook.observe
    return observe if observe.get_hookimpls() else None


def _registered_factories() -> Factories:
    found: Factories = {}
    for plugin in _registered:
        try:
            found |= _factories_of(plugin)
        except Exception as error:
            message = f"register_providers of {shown(plugin)} raised {described(error)}"
            raise ProviderNotFoundError(message) from error
    return found


def _ensure_registered(plugin: object) -> None:
    if not _manager.is_registered(plugin):
        _manager.register(plugin)


def _factories_of(plugin: object) -> Factories:
    """The factories of this plugin alone."""
    rows: dict[str, Any] = {}

    def add(name: Any, factory: Any) -> None:
        if not (isinstance(name, str) and callable(factory)):
            raise TypeError(f"register({name!r}, {factory!r}) is not a name and a factory")
        rows[name] = factory

    others = _manager.get_plugins() - {plugin}
    caller = _manager.subset_hook_caller("register_providers", others)
    caller(register=add)
    return rows
