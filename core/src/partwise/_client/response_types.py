"""Response types: the checks of the types that users pass, and the forms in which they may."""

from __future__ import annotations

import inspect
from collections import abc
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

from pydantic import BaseModel, PydanticUndefinedAnnotation, PydanticUserError

from .._errors import ConfigurationError, PartwiseError, attribute_of, described, shown
from .._plan.markers import original_of
from .._plan.plan import compile_plan
from .._sentinels import MISSING
from .._session.answer_schema import answer_schema
from .keywords import flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._plan.plan import Plan

_STREAMS: Final = frozenset({
    abc.Iterable, abc.Iterator, abc.Generator, abc.AsyncIterable, abc.AsyncIterator,
    abc.AsyncGenerator,
})  # fmt: skip
_FORM: Final = "a pydantic model, as in create_partial(response_model=Team, messages=…)"
_LISTS: Final = _STREAMS | {list, abc.Sequence, abc.MutableSequence, abc.Collection}


def plan_of(response_model: Any) -> Plan:
    """The plan of a user's response type.

    Raises:
        ConfigurationError: an answer can't be validated with it; the message has the type to pass.
    """
    if response_model is MISSING:
        raise ConfigurationError(f"no response_model given: pass {_FORM}")
    if response_model is None:
        raise ConfigurationError(f"response_model can't be None: pass {_FORM}")
    with _explaining(response_model):
        if (advice := _advice(response_model)) is not None:
            raise ConfigurationError(f"response_model must be a type: {advice}")
        return compile_plan(plain(response_model))


def schema_of(plan: Plan) -> dict[str, Any]:
    """The JSON schema to ask a vendor with.

    Raises:
        ConfigurationError: the type has none.
    """
    with _explaining(plan.name):
        return answer_schema(plan)


def plain(response_model: Any) -> Any:
    """The type that is validated: M for `Partial[M]`, `list[X]` for `Iterable[X]` and its like."""
    if isinstance(response_model, type):
        response_model = original_of(response_model)
    item = _item(response_model, _STREAMS)
    return response_model if item is None else list[item]  # type: ignore[valid-type]


def list_of(response_model: Any) -> Any:
    """`list[X]` for X, for `list[X]` and for `Iterable[X]`; anything but a type as it is."""
    if response_model is MISSING or response_model is None or _advice(response_model) is not None:
        return response_model
    item = _item(response_model, _LISTS)
    return list[response_model if item is None else item]  # type: ignore[misc]


def streams_elements(response_model: Any) -> bool:
    """Whether `create(…, stream=True)` gives elements, as of `Iterable[X]`, or else snapshots.

    Raises:
        ConfigurationError: it gives neither: it is not a `Partial[M]`.
    """
    if _item(response_model, _STREAMS) is not None:
        return True
    if isinstance(response_model, type) and original_of(response_model) is not response_model:
        return False
    raise ConfigurationError(
        "create() gives one value: use create_partial() for its snapshots, or pass "
        "response_model=Partial[…] or Iterable[…] with stream=True"
    )


def check_streams(stream: object) -> None:
    """Check that `stream=False` was not passed to a call that streams.

    Raises:
        ConfigurationError: it was.
    """
    if not flag("stream", stream):
        raise ConfigurationError("every call streams: leave stream=False out, or use create()")


def _item(response_model: Any, origins: frozenset[Any]) -> Any:
    arguments = get_args(response_model)
    return arguments[0] if arguments and get_origin(response_model) in origins else None


def _advice(found: Any) -> str | None:
    """Advice for an object that is known not to be a response type; None for any other."""
    name = type(found).__name__
    if isinstance(found, Mapping):
        return "this is a dict; write the JSON schema as a pydantic model"
    if isinstance(found, list | tuple | set):
        return f"this is a {name}; pass the type first, and then the messages"
    if isinstance(found, str):
        return f"pass the class itself and not its name {found!r}"
    if inspect.isroutine(found) or inspect.ismodule(found):
        return f"{shown(found)} is a {name}; pass a pydantic model with the fields of the answer"
    if isinstance(found, BaseModel) or (is_dataclass(found) and not isinstance(found, type)):
        return f"this is an instance of {name}; pass {name} itself"
    return _advice_on_class(found) if isinstance(found, type) and not get_args(found) else None


def _advice_on_class(found: type) -> str | None:
    if found is BaseModel:
        return "BaseModel itself has no fields; pass a subclass"
    if any(base.__module__.startswith("pydantic.v1.") for base in found.__mro__):
        return f"{found.__name__} is a model of pydantic v1; derive it from pydantic.BaseModel"
    if hasattr(found, "__attrs_attrs__"):
        return f"{found.__name__} is an attrs class; make it a pydantic model or a dataclass"
    return None


@contextmanager
def _explaining(response_model: Any) -> Iterator[None]:
    """Put the errors of pydantic, or of the type itself, in terms of the call."""
    try:
        yield
    except PartwiseError:
        raise
    except Exception as error:
        raise ConfigurationError(_explanation(response_model, error)) from error


def _explanation(response_model: Any, error: Exception) -> str:
    name = _name(response_model)
    undefined = _undefined_name(response_model, error)
    if undefined is not None:
        advice = "define it before the call, and call model_rebuild() on the model"
        return f"{name} refers to {undefined!r}, which is not defined: {advice}"
    is_known = isinstance(error, PydanticUserError | TypeError | NameError | AttributeError)
    reason = (str(error) if is_known else described(error)).partition("\n")[0]
    known = not isinstance(response_model, type) or hasattr(
        response_model, "__get_pydantic_core_schema__"
    )
    advice = "" if known else " Make it a pydantic model or a dataclass"
    return f"{name} can't be a response_model: {reason}{advice}"


def _undefined_name(response_model: Any, error: Exception) -> str | None:
    """The name that an annotation uses and nobody has defined, if that is the error."""
    if isinstance(error, PydanticUndefinedAnnotation):
        return error.name
    if isinstance(error, PydanticUserError) and error.code == "class-not-fully-defined":
        try:
            response_model.model_rebuild()
        except PydanticUndefinedAnnotation as undefined:
            return undefined.name
        except AttributeError:  # no model
            return None
    return None


def _name(response_model: Any) -> str:
    name = response_model if isinstance(response_model, str) else None
    name = name or attribute_of(response_model, "__name__")
    return name if isinstance(name, str) else shown(response_model)
