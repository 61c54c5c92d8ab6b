"""The place of the answer itself, and the envelope around it if there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .._plan.nodes import ATOM, ValueNode, ignored_node
from .._plan.validation import refusing_validator
from .._sentinels import MISSING
from .adapters import Adapter, DeferredValidation
from .context import Parent
from .frame import OPEN, Frame, SkipFrame
from .model_frame import ModelFrame
from .values import given_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._json.sink import Sink
    from .._paths import Path
    from .._plan.nodes import ContainerNode
    from .context import Shown

_IGNORED: Final[ValueNode] = ignored_node()
_REFUSE_MISSING: Final = refusing_validator("missing").validate_python


class RootFrame(Frame):
    """The place of the answer itself.

    Attributes:
        value: the answer, once it is complete; MISSING until then.
        envelope: the key of the object around the answer, or None.
        in_envelope: whether that object has opened.
    """

    __slots__ = ("_answer", "envelope", "in_envelope", "value")

    def __init__(self, node: ValueNode, envelope: str | None) -> None:
        nothing: Any = None
        super().__init__(nothing, ATOM)
        self.node = self._answer = node
        self.envelope = envelope
        self.in_envelope = False
        self.value: Any = MISSING

    def open_object(self) -> Sink:
        if self.envelope and not self.in_envelope:
            self.in_envelope = True
            return self
        return super().open_object()

    def _enter(self, container: ContainerNode | None, opener: str) -> Sink:
        return SkipFrame(self) if self.node is _IGNORED else super()._enter(container, opener)

    def reads_whole(self, opener: str) -> bool:
        if self.envelope and not self.in_envelope:
            return False
        return self.node is _IGNORED or super().reads_whole(opener)

    def key(self, name: str) -> None:
        self.node = self._answer if name == self.envelope else _IGNORED

    def complete_value(self, value: Any) -> None:
        if self.node is _IGNORED:
            return
        self.child: Shown | None = None
        self.value = value
        self.context.events.closed(self, value)

    def close(self) -> None:
        """The envelope closes.

        Raises:
            ValidationError: the answer is not in it.
        """
        if self.value is MISSING:
            _REFUSE_MISSING({})

    def path(self, *, by_key: bool = False) -> Path:  # noqa: ARG002
        return ()

    def _chain(self) -> Iterator[Any]:
        """This frame and the open ones inside, with the adapters between them."""
        here: Any = self
        while isinstance(here, Parent):
            yield here
            here = here.child

    def innermost(self) -> Frame:
        """The frame of the innermost container that is open."""
        *_, innermost = self._chain()
        return innermost  # type: ignore[no-any-return]

    def may_be_replaced(self) -> bool:
        """Whether an open field may be given once more, by a better key, and its value be void."""
        return any(
            isinstance(frame, ModelFrame) and frame.field.rank and not frame.is_closing
            for frame in self._chain()
        )

    def release(self) -> None:
        """Let go of the open frames, which refer to each other.

        The memory of an answer is free then as soon as nobody refers to it, and not when Python
        next looks for such circles.
        """
        for frame in [*self._chain()]:
            frame.child = None
            if isinstance(frame, ModelFrame):
                frame.held.clear()

    def find_state(self, steps: Path) -> tuple[Any, bool]:
        """The value at the path while the answer is open, and whether it is complete."""
        here: Any = self.child
        complete = False
        for depth, step in enumerate(steps):
            while isinstance(here, Adapter):
                here = here.child
            if not isinstance(here, Frame):
                return given_at(here, steps[depth:]), complete
            frame, here = here, here.find(step)
            if here is MISSING:
                break
            complete = frame.validates_early and not _is_deferred(frame)
        is_open = here is OPEN or here is self.context.parser or isinstance(here, Parent)
        return here, complete and not is_open


def _is_deferred(frame: Any) -> bool:
    while not isinstance(frame, RootFrame | DeferredValidation):
        frame = frame.parent
    return isinstance(frame, DeferredValidation)
