"""The tables of servers and models as rows of the page `docs/models.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from partwise.provider import ModelRow

from ._servers import SERVERS

if TYPE_CHECKING:
    from partwise.provider import ForcedBy

    from ._profile import Profile, Server, ToolChoice


def model_rows() -> Iterator[ModelRow]:
    """The table of all servers and families, for `docs/models.md`."""
    for name, server in SERVERS.items():
        for family in server.families:
            yield _row(name, family.label, family.profile, family.source)
        for trait in server.traits:
            applied = trait.applied(server.profile)
            differs = applied.capabilities != server.profile.capabilities
            if differs and not _is_listed(server, trait.examples):
                yield _row(name, trait.label, applied, trait.source)
        yield _row(name, "other models", server.profile, server.source)


def _is_listed(server: Server, examples: tuple[str, ...]) -> bool:
    return any(family.pattern.match(name) for family in server.families for name in examples)


_FORCED: Mapping[ToolChoice, ForcedBy] = {
    "named": "name",
    "required": "any tool",
    "offered": "offered only",
}


def _row(name: str, label: str, profile: Profile, source: str) -> ModelRow:
    has_tools = any(mode.uses_tool for mode in profile.modes)
    return ModelRow(
        provider=name,
        model=label,
        capabilities=profile.capabilities,
        forced=_FORCED[profile.tool_choice] if has_tools else "no tools",
        thinks=profile.thinks,
        source=source,
    )
