"""Types that `partwise stubs` writes, structurally, and the test for complete values.

A stub gives each model M a base class `PartialM` whose fields are those of M's snapshots. Type
checkers find the two by these methods, which only the stub has:

    class PartialTeam(BaseModel):
        @classmethod
        def __partial__(cls) -> PartialTeam: ...
        @classmethod
        def __final__(cls) -> Team: ...
"""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from pydantic import BaseModel

from .._plan.markers import original_of

if TYPE_CHECKING:
    from typing_extensions import TypeIs

P_co = TypeVar("P_co", covariant=True)
T_co = TypeVar("T_co", covariant=True)


class HasPartial(Protocol[P_co, T_co]):
    """A model, or an instance of it, whose stub says which type its snapshots have."""

    def __partial__(self) -> P_co: ...
    def __final__(self) -> T_co: ...


class HasFinal(Protocol[T_co]):
    """An instance whose stub says which type it has when it is complete."""

    @classmethod
    def __final__(cls) -> T_co: ...


FinalT = TypeVar("FinalT", bound=HasFinal[Any])


@overload
def is_complete(value: HasFinal[FinalT]) -> TypeIs[FinalT]: ...
@overload
def is_complete(value: object) -> bool: ...
def is_complete(value: object) -> bool:
    """Whether a snapshot, or an object in it, is complete and validated.

    With a stub of `partwise stubs`, type checkers know the value as its final type after it.

    Args:
        value: an instance of a pydantic model or of a dataclass.

    Returns:
        False for an instance of `Partial[M]`, True for one of M.

    Raises:
        TypeError: the value is of another type, such as a list, a text or None, which does not
            tell; `stream.state(path)` does.

    Example:
        `if partwise.is_complete(meeting.venue): book(meeting.venue)`
    """
    cls = type(value)
    if not (isinstance(value, BaseModel) or is_dataclass(cls)):
        raise TypeError(
            f"is_complete takes a pydantic model or a dataclass, not {cls.__name__}: "
            'ask the stream, as in stream.state("users") == "complete"'
        )
    return original_of(cls) is cls
