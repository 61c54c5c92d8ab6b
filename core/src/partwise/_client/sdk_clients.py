"""Checks of the arguments that make a client: the vendor's SDK client and the key."""

from __future__ import annotations

import inspect
import sys
from typing import Any, Final

from .._errors import ConfigurationError, attribute_of, type_shown

_CLOSERS: Final = ("aclose", "close")


def is_async_client(client: Any) -> bool:
    """Whether an SDK's client is for asyncio: whether closing it has to be awaited."""
    return any(inspect.iscoroutinefunction(attribute_of(client, name)) for name in _CLOSERS)


def check_sdk_client(client: Any, *, is_async: bool) -> None:
    """Check that an SDK's client is of the kind that is asked for.

    Raises:
        ConfigurationError: it is of the other kind.
    """
    if client is None:
        return
    kind = type(client).__name__
    if is_async_client(client) and not is_async:
        raise ConfigurationError(
            f"client= is an {kind}, whose SDK client is for asyncio: pass async_client=True as "
            "well, or the SDK's sync client"
        )
    # SDKs with one class for both, as Amazon's, have no twin.
    if is_async and not is_async_client(client) and (twin := _async_twin(client)):
        raise ConfigurationError(
            f"client= is sync, and async_client=True asks for an asynchronous one: pass {twin}(…)"
        )


def _async_twin(client: Any) -> str | None:
    """The name of the SDK's class for asyncio beside the client's, such as `openai.AsyncOpenAI`."""
    for base in type(client).__mro__:
        package = base.__module__.partition(".")[0]
        twin = f"Async{base.__name__}"
        if isinstance(vars(sys.modules.get(package, object)).get(twin), type):
            return f"{package}.{twin}"
    return None


def check_adopted(name: str, client: Any) -> None:
    """Check that `from_openai` and its siblings are given an SDK's client.

    Raises:
        ConfigurationError: they are given something else.
    """
    is_class = isinstance(client, type)
    if is_class or not any(callable(attribute_of(client, each)) for each in _CLOSERS):
        found = f"the class {client.__name__}" if is_class else type_shown(client)
        raise ConfigurationError(
            f"from_{name}() takes a client of the vendor's SDK, made by yourself, and got {found}; "
            f'without one, write from_provider("{name}/…")'
        )


def check_arguments(model: Any, api_key: Any) -> None:
    """Check that `from_provider` is given the name of a model, and a key without spaces around it.

    Raises:
        ConfigurationError: it is not.
    """
    if not isinstance(model, str):
        raise ConfigurationError(
            f'the model is a text as in "openai/gpt-4.1-mini", got {type_shown(model)}'
        )
    if isinstance(api_key, str) and api_key != api_key.strip(" "):
        raise ConfigurationError("api_key= begins or ends with a space: strip it")
