"""The sessions of a client, sync or async: its provider and model, and the checks of each call."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._errors import ConfigurationError, shown
from .._nearest import nearest
from .._providers.hookspecs import CallInfo
from .._providers.mode import Mode
from .._providers.plugin_calls import before_a_request, capabilities_of, text_attribute
from .._providers.protocol import Request
from .._providers.registry import find, observers
from .._session.answer_schema import envelope_of
from .._session.approaches import LearnedApproaches
from .._session.call import Call
from .._session.hooks import HookDispatcher, Hooks
from .._session.prompts import tool_name
from .._session.session import Session
from .._session.settings import Settings
from .keywords import vendor_options
from .messages import checked_messages
from .response_types import plain, plan_of, schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._plan.plan import Plan
    from .._providers.protocol import ProviderConfig, ProviderWrapper


class CallFactory:
    """A provider under its name, with the model and the mode for calls that name none.

    Attributes:
        config: the provider's.
        model: for calls that name none.
        hooks: the client's handlers.

    Raises:
        ProviderNotFoundError: there is no usable provider of that name.
        MissingKeyError: there is no API key.
        ConfigurationError: the provider has no such mode for this model.
    """

    def __init__(
        self,
        config: ProviderConfig,
        model: str | None,
        mode: Mode | None,
        wrapper: ProviderWrapper | None = None,
    ) -> None:
        self.config = config
        self.name = config.name
        self.model = model
        self.hooks = Hooks()
        self._mode = mode
        self._learned = LearnedApproaches()
        self._wrapper = wrapper
        self._secrets = config.secrets
        factory = find(config.name, config.plugin)
        with before_a_request(config.name, "its factory"):
            provider = factory(config)
        self.provider = provider if wrapper is None else wrapper(provider, config)
        if model is not None:
            self._check_mode(model, mode)

    def __repr__(self) -> str:
        return f"{self.name}/{self.model or '?'}"

    def with_config(self, wrapper: ProviderWrapper | None, changes: dict[str, Any]) -> CallFactory:
        """Another one for the same model and mode and with the same handlers."""
        config = replace(self.config, **changes)
        other = CallFactory(config, self.model, self._mode, wrapper or self._wrapper)
        other.hooks = self.hooks
        return other

    def session(
        self,
        response_model: Any,
        messages: Any,
        keywords: Mapping[str, Any],
        *,
        keeps_vendor_events: bool = False,
    ) -> Session:
        """A new call, checked as far as that can be done without a request.

        Raises:
            ConfigurationError: an argument is missing or invalid.
        """
        settings, rest = Settings.split(keywords)
        model = _checked_model(rest.pop("model", None)) or self.model
        named_mode = as_mode(rest.pop("mode", None)) or self._mode
        options = vendor_options(rest, rest.pop("options", None))
        plan = plan_of(response_model)
        messages = checked_messages(messages)
        if model is None:
            message = "no model given: pass model= to this call or when creating the client"
            raise ConfigurationError(message)
        mode = self._check_mode(model, named_mode)
        self._secrets.add_options(options)
        telemetry_name = text_attribute(self.provider, self.name, "telemetry_name") or self.name
        info = CallInfo(self.name, model, mode, plan.name, telemetry_name)
        call = Call(
            info=info,
            provider=self.provider,
            request=_request(model, mode, plan, messages, options),
            plan=plan,
            response_type=plain(response_model),
            envelope=envelope_of(plan),
            settings=settings,
            hooks=HookDispatcher(info, (self.hooks, settings.hooks), observers(), self._secrets),
            secrets=self._secrets,
            named_mode=named_mode,
            learned=self._learned,
            caller_retries=self.config.caller_retries,
            keeps_vendor_events=keeps_vendor_events,
        )
        return Session(call)

    def _check_mode(self, model: str, mode: Mode | None) -> Mode:
        capabilities = capabilities_of(self.provider, self.name, model)
        if mode is None:
            return capabilities.default_mode
        if mode not in capabilities.modes:
            known = ", ".join(capabilities.modes)
            raise ConfigurationError(f"{self.name}/{model} has no mode {mode}; it has {known}")
        return mode


def _request(
    model: str, mode: Mode, plan: Plan, messages: Sequence[Any], options: Mapping[str, Any]
) -> Request:
    return Request(
        model=model,
        mode=mode,
        messages=messages,
        schema=schema_of(plan),
        name=tool_name(plan.name),
        description=plan.description,
        options=options,
    )


def as_mode(mode: Mode | str | None) -> Mode | None:
    """The mode of that name.

    Raises:
        ConfigurationError: there is none of that name.
    """
    if mode is None:
        return None
    try:
        return Mode(mode)
    except Exception:  # noqa: BLE001 - the enum shows the value, whose `repr` may fail
        known = ", ".join(Mode)
        hint = nearest(mode, Mode) or ";"
        message = f"unknown mode {shown(mode)}{hint} choose one of {known}"
        raise ConfigurationError(message) from None


def _checked_model(model: object) -> str | None:
    """The vendor's name of a model.

    Raises:
        ConfigurationError: it is not a text.
    """
    if model is None or isinstance(model, str):
        return model
    raise ConfigurationError(
        f"model= takes the vendor's name of a model as text, got {shown(model)}; "
        "the type of the answer is response_model="
    )
