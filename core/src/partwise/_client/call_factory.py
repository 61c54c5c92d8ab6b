"""One provider and its model, as a client asks it: what all clients, sync and async, share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._errors import ConfigurationError
from .._plan.plan import compile_plan
from .._providers.hookspecs import CallInfo
from .._providers.mode import Mode
from .._providers.protocol import Request
from .._providers.registry import observers
from .._session.call import Call
from .._session.hooks import HookDispatcher, Hooks
from .._session.prompts import tool_name, with_schema
from .._session.session import Session
from .._session.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._providers.protocol import Provider
    from .._providers.redaction import Secrets


class CallFactory:
    """A provider under its name, with the model and the mode that are taken if a call says none.

    Attributes:
        hooks: the client's handlers.
    """

    def __init__(
        self,
        name: str,
        provider: Provider,
        model: str | None,
        mode: Mode | None,
        *,
        secrets: Secrets,
    ) -> None:
        self.name = name
        self.provider = provider
        self.hooks = Hooks()
        self._model = model
        self._mode = mode
        self._secrets = secrets
        if model is not None:
            self._check_mode(model, mode)

    def __repr__(self) -> str:
        return f"{self.name}/{self._model or '?'}"

    def session(
        self, response_model: Any, messages: Sequence[Mapping[str, Any]], keywords: dict[str, Any]
    ) -> Session:
        """A new call, checked as far as that can be done without a request.

        Raises:
            ConfigurationError: it can't be made so.
            pydantic.PydanticUserError: the response model is not one that pydantic can validate.
        """
        if response_model is None:
            raise ConfigurationError("response_model says what the answer is, and can't be None")
        if "stream" in keywords and not keywords.pop("stream"):
            raise ConfigurationError("every call streams: leave stream=False out, or use create()")
        model = keywords.pop("model", None) or self._model
        if model is None:
            raise ConfigurationError("which model? pass model= here or where the client is made")
        mode = self._check_mode(model, as_mode(keywords.pop("mode", None)) or self._mode)
        settings, options = Settings.split(keywords)
        plan = compile_plan(response_model, wrap=True)
        call = CallInfo(self.name, model, mode, plan.name)
        request = Request(
            model=model,
            mode=mode,
            messages=with_schema(messages, plan.json_schema, mode),
            schema=plan.json_schema,
            name=tool_name(plan.name),
            description=plan.description,
            options=options,
        )
        return Session(
            Call(
                call=call,
                provider=self.provider,
                request=request,
                plan=plan,
                settings=settings,
                hook_dispatcher=HookDispatcher(call, (self.hooks, settings.hooks), observers()),
                secrets=self._secrets,
                lenient=mode is Mode.MD_JSON,
            )
        )

    def _check_mode(self, model: str, mode: Mode | None) -> Mode:
        capabilities = self.provider.capabilities(model)
        if mode is None:
            return capabilities.default_mode
        if mode not in capabilities.modes:
            known = ", ".join(capabilities.modes)
            raise ConfigurationError(f"{self.name}/{model} has no mode {mode}; it has {known}")
        return mode


def as_mode(mode: Mode | str | None) -> Mode | None:
    """The mode by its name.

    Raises:
        ConfigurationError: there is none of that name.
    """
    try:
        return None if mode is None else Mode(mode)
    except ValueError:
        known = ", ".join(Mode)
        raise ConfigurationError(f"there is no mode {mode!r}; there are {known}") from None
