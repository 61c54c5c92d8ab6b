"""The vendor's events as plain data, and back.

Most plugins yield plain data. If an SDK gives nothing but its own pydantic models, the name of
the class is kept beside the data; only a class of the plugin's own requirements is made again.
"""

from __future__ import annotations

import importlib
import re
from base64 import b64encode
from collections.abc import Mapping
from importlib.metadata import packages_distributions, requires
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from ._recording import RecordingError

if TYPE_CHECKING:
    from ._recording import Event

_REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")


def to_plain(event: Any) -> tuple[Any, str]:
    """The event as JSON has it, and its class as `module:Class`; "" for plain data.

    Raises:
        RecordingError: it is neither plain data nor a pydantic model.
    """
    if not isinstance(event, BaseModel):
        return _packed(event), ""
    kind = type(event)
    data = event.model_dump(mode="json", by_alias=True, exclude_none=True, warnings=False)
    # SDKs hang the response's status and headers there.
    plain = {key: value for key, value in data.items() if "http" not in key.lower()}
    return plain, f"{kind.__module__}:{kind.__qualname__}"


def to_event(event: Event, distribution: str) -> Any:
    """The event again, for the decoder of the plugin in that distribution.

    Raises:
        RecordingError: its class is not one of the plugin's SDK, or does not take the data.
    """
    if not event.kind:
        return event.plain
    try:
        return _model(event.kind, distribution).model_validate(event.data)
    except (ImportError, AttributeError, ValueError) as error:
        raise RecordingError(f"this SDK can't take an event as {event.kind}: {error}") from error


def _packed(value: Any) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return {"$bytes": b64encode(value).decode()}
        case Mapping():
            return {str(key): _packed(item) for key, item in value.items()}
        case list() | tuple():
            return [_packed(item) for item in value]
    kind = type(value).__qualname__
    raise RecordingError(f"an event with a {kind} in it is no plain data, and can't be recorded")


def _model(kind: str, distribution: str) -> type[BaseModel]:
    module, _, name = kind.partition(":")
    top = module.partition(".")[0]
    if not _normal_set(packages_distributions().get(top, ())) & _family(distribution):
        raise RecordingError(
            f"the recording names {kind}, which is in neither {distribution} nor a package that it "
            "requires"
        )
    model = getattr(importlib.import_module(module), name)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise RecordingError(f"the recording names {kind}, which is no pydantic model")
    return model


def _family(distribution: str) -> set[str]:
    """The distribution and those that it requires."""
    names = (_REQUIREMENT.match(each) for each in requires(distribution) or ())
    return _normal_set([distribution, *(match[0] for match in names if match)])


def _normal_set(names: Any) -> set[str]:
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}
