"""The rows of the tables: profiles and families of models, and servers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from partwise.provider import Capabilities, ForcedBy, Granularity, Mode, SchemaProfile

from ._schema import ENFORCED

ToolChoice: TypeAlias = Literal["named", "required", "offered"]

_DEMAND: Final[Mapping[ToolChoice, int]] = {"named": 0, "required": 1, "offered": 2}

FORCED: Final[Mapping[ToolChoice, ForcedBy]] = {
    "named": "name",
    "required": "any tool",
    "offered": "offered only",
}
"""The words of the table of models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The parts of a request that a family of models accepts at one server.

    Attributes:
        modes: its modes, best first, and how finely each streams.
        strict: the modes in which the schema is enforced if `strict: true` is sent.
        dialect: the schemas that its strict modes take.
        prompted: the modes in which the schema may not be enforced, so that the prompt holds it.
        tool_choice: how a tool call is demanded: by the tool's name, as a call of any tool, or not
            at all, since the model refuses or ignores that.
        thinks: whether it reasons before it answers unless asked not to.
        reasoning: the name under which it takes the reasoning of its earlier messages, if it does.
        needs_reasoning: whether it refuses an earlier tool call without its reasoning.
        limits: the names that the limit of the answer's tokens has in chat, best first.
        refuses: names of the sampling parameters that it does not take.
        stream_options: whether usage must and may be asked for with `stream_options`.
        parallel_tool_calls: whether it accepts the parameter of that name.
    """

    modes: Mapping[Mode, Granularity]
    strict: frozenset[Mode] = frozenset()
    dialect: SchemaProfile = ENFORCED
    prompted: frozenset[Mode] = frozenset()
    tool_choice: ToolChoice = "named"
    thinks: bool = False
    reasoning: str | None = None
    needs_reasoning: bool = False
    limits: tuple[str, ...] = ("max_tokens", "max_completion_tokens")
    refuses: frozenset[str] = frozenset()
    stream_options: bool = True
    parallel_tool_calls: bool = False

    @property
    def capabilities(self) -> Capabilities:
        """The modes, in the core's terms."""
        offered = {mode for mode in self.modes if mode.uses_tool and self.tool_choice == "offered"}
        return Capabilities(self.modes, self.prompted | offered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Models of one profile.

    Attributes:
        label: the names, for a reader.
        pattern: matches the beginning of a name, in lower case, without the vendor's prefix.
        examples: some of the names.
        profile: their profile.
        source: an address, an issue thread or a document's name.
    """

    label: str
    pattern: re.Pattern[str]
    examples: tuple[str, ...]
    profile: Profile
    source: str


def family(label: str, pattern: str, *examples: str, profile: Profile, source: str) -> Family:
    """A row of a table of families."""
    return Family(
        label=label, pattern=re.compile(pattern), examples=examples, profile=profile, source=source
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """How open models differ from the rule of the server that hosts them, whichever it is.

    Attributes:
        label: the names, for a reader.
        pattern: matches the beginning of a name.
        examples: some of the names.
        tool_choice: how a tool call is demanded.
        needs_reasoning: whether an earlier tool call must have its reasoning.
        source: an address or an issue thread.
    """

    label: str
    pattern: re.Pattern[str]
    examples: tuple[str, ...]
    tool_choice: ToolChoice = "offered"
    needs_reasoning: bool = True
    source: str

    def applied(self, profile: Profile) -> Profile:
        """The server's rule, changed for these models."""
        needs = profile.reasoning is not None and self.needs_reasoning
        choice = max(profile.tool_choice, self.tool_choice, key=_DEMAND.__getitem__)
        modes = _tools_last(profile.modes) if choice == "offered" else profile.modes
        return replace(profile, modes=modes, tool_choice=choice, thinks=True, needs_reasoning=needs)


def _tools_last(modes: Mapping[Mode, Granularity]) -> dict[Mode, Granularity]:
    """A tool that is only offered may not be called: any other mode is surer."""
    return dict(sorted(modes.items(), key=lambda item: item[0].uses_tool))


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server, or one kind of server.

    Attributes:
        url: its base URL; None if the SDK's default is the right one. `{}` in it is replaced by the
            user's own host, as the environment has it.
        keys: the environment variables with its key, the first that is set.
        needs_key: whether it refuses requests without one.
        hosts: the environment variables with the user's own host.
        profile: the rule for its models.
        families: the models that differ from the rule; the first that fits.
        traits: how open models differ from the rule; the first that fits.
        blank_finish: whether it may end an answer with an empty finish reason.
        aliases: further names of it in `from_provider`.
        telemetry_name: its name in OpenTelemetry's conventions, if that is another.
        domains: further domains at which it answers.
        source: an address or a document's name.
    """

    url: str | None = None
    keys: tuple[str, ...] = ()
    needs_key: bool = True
    hosts: tuple[str, ...] = ()
    profile: Profile
    families: tuple[Family, ...] = ()
    traits: tuple[Trait, ...] = ()
    blank_finish: bool = False
    aliases: tuple[str, ...] = ()
    telemetry_name: str | None = None
    domains: tuple[str, ...] = ()
    source: str

    def is_at(self, host: str) -> bool:
        """Whether it answers at that host."""
        own = (urlsplit(self.url or "").hostname or "", *self.domains)
        return any(host == name or host.endswith(f".{name}") for name in own if "." in name)

    def profile_of(self, model: str) -> Profile:
        """The profile of that model at this server."""
        name = bare_name(model)
        for family in self.families:
            if family.pattern.match(name):
                return family.profile
        for trait in self.traits:
            if trait.pattern.match(name):
                return trait.applied(self.profile)
        return self.profile

    def capabilities(self, model: str) -> Capabilities:
        """The modes that model has here."""
        return self.profile_of(model).capabilities


def bare_name(model: str) -> str:
    """The model's name as patterns have it: `openai/GPT-5` and `ft:gpt-5:me::1` as `gpt-5`."""
    return model.rsplit("/", 1)[-1].lower().removeprefix("ft:")
