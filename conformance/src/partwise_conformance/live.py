"""Checks of a real endpoint, with a key and a few tokens.

A loopback server can be made to fail in every way; a vendor can't. It can be checked that a
plain question is answered rightly in every mode, sync and async, and that a wrong key and an
unknown model are the right errors.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import partwise
from partwise.provider import Granularity, Mode, ProviderConfig, find_factory

from .checks.snapshots import grew
from .fixtures import Meeting
from .harness import Outcome, Style, acreate, create
from .report import Case, State

_NOTE: Final = (
    "Which meeting is meant by this note? Kick-off of the lighthouse project, at once, with "
    "Ada Lovelace, 36, and Alan Turing, 41. No remarks."
)
_A_REQUEST: Final = 700
"""Tokens that a question and its answer take at the most, the schema among them."""
_STYLES: Final[tuple[Style, ...]] = ("sync", "async")
_NOTHING_LEFT: Final[tuple[State, str]] = ("not applicable", "no tokens are left")
_GOOD_ENDS: Final = ("stop", "tool_calls")


@dataclass(frozen=True, slots=True)
class Check:
    """A property of an answer; `fault` describes how it fails, or is empty."""

    test: str
    text: str
    fault: Callable[[Outcome, Granularity], str]


def _no_error(outcome: Outcome, _fineness: Granularity) -> str:
    return "" if outcome.error is None else f"{type(outcome.error).__name__}: {outcome.error}"


def _not_the_model(outcome: Outcome, _fineness: Granularity) -> str:
    if type(outcome.value) is not Meeting:
        return f"the answer is {outcome.value!r}"
    return "" if outcome.snapshots[-1] is outcome.value else "the last snapshot is another object"


def _shrank(outcome: Outcome, _fineness: Granularity) -> str:
    dumps = [each.model_dump() for each in outcome.snapshots]
    pairs = itertools.pairwise(dumps)
    return next((f"{old} then {new}" for old, new in pairs if not grew(old, new)), "")


def _no_usage(outcome: Outcome, _fineness: Granularity) -> str:
    usage = outcome.usage
    reported = usage is not None and usage.input_tokens and usage.output_tokens
    return "" if reported else f"the usage is {usage}"


def _no_end(outcome: Outcome, _fineness: Granularity) -> str:
    reason = outcome.finish_reason
    return "" if reason in _GOOD_ENDS else f"the finish reason is {reason!r}"


def _coarser(outcome: Outcome, fineness: Granularity) -> str:
    few = len(outcome.snapshots) <= 2  # noqa: PLR2004 - one of the whole text, and the value
    return "the answer came at once" if few and fineness is Granularity.TOKEN else ""


ANSWERED: Final = Check("live_answer", "A question is answered.", _no_error)
CHECKS: Final = (
    Check("live_value", "The answer is the validated model.", _not_the_model),
    Check("live_snapshots", "Snapshots only grow.", _shrank),
    Check("live_usage", "The usage is reported.", _no_usage),
    Check("live_finish", "The answer ends with a good finish reason.", _no_end),
    Check("live_granularity", "The answer arrives as finely as declared.", _coarser),
)


TEXTS: Final[Mapping[str, str]] = {
    "live_wrong_key": "A wrong key is an AuthenticationError.",
    "live_unknown_model": "An unknown model is an error for good.",
    **{each.test: each.text for each in (ANSWERED, *CHECKS)},
}
"""The checks by their names, for a report."""


class Live:
    """One provider's real endpoint.

    Attributes:
        model: the provider's name and a model, as in `from_provider`.
        spent: tokens, as far as the vendor reported.
    """

    def __init__(self, model: str, *, budget: int | None = None, **options: Any) -> None:
        self.model = model
        self.spent = 0
        self._options = options
        self._modes = self._declared()
        self.requests = len(self._modes) * len(_STYLES) + 2
        self.budget = budget or self.requests * _A_REQUEST

    def _declared(self) -> Mapping[Mode, Granularity]:
        name, _, model = self.model.partition("/")
        with partwise.from_provider(self.model, **self._options):
            pass  # that the provider is there, and has its key
        config = ProviderConfig(
            name=name,
            api_key=self._options.get("api_key"),
            base_url=self._options.get("base_url"),
        )
        return find_factory(name)(config).capabilities(model).modes

    @property
    def plan(self) -> str:
        """The requests to be made, and their cost at most."""
        modes = ", ".join(self._modes)
        return (
            f"{self.requests} requests to {self.model} ({modes}; sync and async; "
            f"2 that have to fail), {self.budget:,} tokens at most"
        )

    def run(self) -> Iterator[Case]:
        """Ask, and check each answer: the cases for each mode and style, one by one."""
        yield self._case("live_wrong_key", *self._key())
        yield self._case("live_unknown_model", *self._unknown())
        for mode, fineness in self._modes.items():
            for style in _STYLES:
                yield from self._checked(mode, style, fineness)

    def _checked(self, mode: Mode, style: Style, fineness: Granularity) -> Iterator[Case]:
        if self._is_spent:
            yield self._case(ANSWERED.test, *_NOTHING_LEFT)
            return
        outcome = self._ask(style, mode)
        checks = [ANSWERED] if outcome.error else [ANSWERED, *CHECKS]
        for check in checks:
            fault = check.fault(outcome, fineness)
            reason = f"{mode}, {style}: {fault}" if fault else ""
            state: State = "failed" if fault else "passed"
            yield self._case(check.test, state, reason)

    def _case(self, test: str, state: State, reason: str) -> Case:
        return Case(self.model, test, TEXTS[test], state, reason)

    def _key(self) -> tuple[State, str]:
        error = self._ask("sync", None, api_key="no key at all").error
        if error is None:
            return "not applicable", "the endpoint asks for no key"
        right = isinstance(error, partwise.AuthenticationError) and not error.retryable
        return ("passed", "") if right else ("failed", f"{type(error).__name__}: {error}")

    @property
    def _is_spent(self) -> bool:
        return self.spent >= self.budget

    def _unknown(self) -> tuple[State, str]:
        if self._is_spent:
            return _NOTHING_LEFT
        name = self.model.partition("/")[0]
        error = self._ask("sync", None, model=f"{name}/no-such-model").error
        if error is None:
            return "not applicable", "the endpoint takes any model"
        right = isinstance(error, partwise.ProviderError) and not error.retryable
        return ("passed", "") if right else ("failed", f"{type(error).__name__}: {error}")

    def _ask(self, style: Style, mode: Mode | None, **changes: Any) -> Outcome:
        options = {**self._options, **changes}
        model = options.pop("model", self.model)
        keywords = {
            "response_model": Meeting,
            "messages": [{"role": "user", "content": _NOTE}],
            "max_retries": 0,
            "token_budget": max(1, self.budget - self.spent),
            **({"mode": mode} if mode else {}),
        }
        outcome = Outcome()
        try:
            if style == "sync":
                with partwise.from_provider(model, **options) as client:
                    create(client, outcome, keywords)
            else:
                asyncio.run(_aask(model, options, outcome, keywords))
        except Exception as error:  # noqa: BLE001 - it is the outcome
            outcome.error = error
        self.spent += outcome.usage.total_tokens if outcome.usage else 0
        return outcome


async def _aask(
    model: str, options: dict[str, Any], outcome: Outcome, keywords: dict[str, Any]
) -> None:
    async with partwise.from_provider(model, async_client=True, **options) as client:
        await acreate(client, outcome, keywords)
