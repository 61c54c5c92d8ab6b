"""The links between a frame and its parent, and how a container opens.

A container that validates whole is shown by its frame and validated from its text. A root model
wraps the value inside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .._plan.nodes import (
    DictLayout,
    ListLayout,
    ModelLayout,
    SkipLayout,
    TaggedLayout,
    UnionLayout,
)
from .._sentinels import MISSING
from .collection_frames import DictFrame, ListFrame, SetFrame
from .context import Parent
from .frame import SkipFrame
from .model_frame import ModelFrame
from .undecided_frames import TaggedFrame, UnionFrame

if TYPE_CHECKING:
    from .._plan.nodes import ContainerNode, Layout, RootLayout
    from .frame import Frame


class Adapter(Parent):
    """A link between a frame and its parent."""

    __slots__ = ()

    def snapshot(self) -> Any:
        return self.child.snapshot() if self.child is not None else MISSING

    def complete_text(self, raw: str) -> None:
        """The text of the whole value inside is complete: it is validated as one."""
        self.parent.complete_text(raw)


class DeferredValidation(Adapter):
    """Validates the container inside as a whole, from its text, when it closes."""

    __slots__ = ("mark",)

    def __init__(self, parent: Parent) -> None:
        super().__init__(parent)
        self.mark = self.context.parser.mark()

    @property
    def validates_early(self) -> bool:
        return False

    def complete_container(self, value: Any) -> None:  # noqa: ARG002
        self.parent.complete_text(self.context.parser.capture(self.mark))

    def complete_text(self, raw: str) -> None:
        self.context.parser.release()
        self.parent.complete_text(raw)


class RootModelAdapter(Adapter):
    """Wraps the value inside in a root model."""

    __slots__ = ("child_snapshot", "last_snapshot", "layout")

    def __init__(self, parent: Parent, layout: RootLayout) -> None:
        super().__init__(parent)
        self.layout = layout
        self.child_snapshot: Any = MISSING
        self.last_snapshot: Any = MISSING

    def snapshot(self) -> Any:
        inner = super().snapshot()
        if inner is not self.child_snapshot:
            self.child_snapshot = inner
            self.last_snapshot = MISSING if inner is MISSING else self.layout.wrap(inner)
        return self.last_snapshot

    def complete_container(self, value: Any) -> None:
        if self.parent.validates_early and self.layout.finish is not None:
            make, post_init = self.layout.finish
            value = make(value)
            around = self.layout.after_validators
            for check in (post_init, *around) if post_init else around:
                value = check(value, **self.context.python_keywords)
        elif value is not MISSING:
            value = self.layout.wrap(value)
        self.parent.complete_container(value)


def enter(parent: Parent, container: ContainerNode) -> Frame:
    """Open a container in the parent: its frame, which is the sink of its contents."""
    if container.validates_whole:
        parent.child = around = DeferredValidation(parent)
        parent = around
    for root in reversed(container.roots):
        parent.child = wrap = RootModelAdapter(parent, root)
        parent = wrap
    layout = container.layout
    is_set = isinstance(layout, ListLayout) and layout.show in (set, frozenset)
    parent.child = frame = (SetFrame if is_set else _FRAMES[type(layout)])(parent, container)
    return frame


_FRAMES: Final[dict[type[Layout], type[Frame]]] = {
    DictLayout: DictFrame,
    ListLayout: ListFrame,
    ModelLayout: ModelFrame,
    SkipLayout: SkipFrame,
    TaggedLayout: TaggedFrame,
    UnionLayout: UnionFrame,
}
