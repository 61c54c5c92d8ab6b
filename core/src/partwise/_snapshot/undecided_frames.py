"""The frames of open objects whose kind is not known yet.

Nothing of such an object shows. As soon as its tag or its keys tell its kind, the parser goes back
to its bracket and reports the same text to the frame of that kind. If they never do, pydantic
validates its text as a whole when it closes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._json.sink import ReadAgain
from .._plan.nodes import ModelLayout
from .frame import SkipFrame, quote

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._json.sink import Sink
    from .._paths import Path
    from .._plan.nodes import ContainerNode, Field, TaggedLayout, ValueNode
    from .context import Parent


class UndecidedFrame(SkipFrame):
    """An open object whose kind is not known yet."""

    __slots__ = ("depth", "mark", "name")

    def __init__(self, parent: Parent, container: ContainerNode) -> None:
        super().__init__(parent, container)
        self.mark = self.context.parser.mark()
        self.depth = self.context.parser.depth  # of the containers around it
        self.name: str | None = None  # the last key

    def key(self, name: str) -> None:
        if not self.nested:
            self.name = name

    def reads_whole(self, opener: str) -> bool:  # noqa: ARG002
        return False

    def decide(self, container: ContainerNode) -> None:
        """Go back and read the object as this one."""
        raise ReadAgain(self.mark, self.depth, lambda: self._become(container))

    def _become(self, container: ContainerNode) -> Sink:
        parent = self.parent
        sink = self.context.enter(parent, container.within(*self.after_validators))
        self.context.events.opened(parent)
        return sink

    def _end(self) -> None:
        raw = self.context.parser.capture(self.mark)
        self.is_closing = True
        self.parent.complete_text(raw)

    def _step(self, *, by_key: bool) -> Path:  # noqa: ARG002
        return () if self.name is None else (self.name,)


class TaggedFrame(UndecidedFrame):
    """An open object of a union with a discriminator."""

    __slots__ = ()

    layout: TaggedLayout

    def string(self, value: str) -> None:
        self._see_tag(quote(value))

    def scalar(self, raw: str) -> None:
        self._see_tag(raw)

    def _see_tag(self, raw: str) -> None:
        if self.nested or self.name not in self.layout.tags or raw not in self.layout.choices:
            return
        container = self.layout.choices[raw].object
        if container is not None:
            self.decide(container)


class UnionFrame(UndecidedFrame):
    """An open object of a union of models without a discriminator."""

    __slots__ = ("branches",)

    def __init__(self, parent: Parent, container: ContainerNode) -> None:
        super().__init__(parent, container)
        self.branches: list[ValueNode] = self.layout.branches

    def key(self, name: str) -> None:
        super().key(name)
        if not self.nested:
            self._narrow(lambda layout: name in layout.fields or not layout.forbids_unknown)

    def open_object(self) -> Sink:
        self._see_opener("{")
        return super().open_object()

    def open_array(self) -> Sink:
        self._see_opener("[")
        return super().open_array()

    def open_string(self) -> None:
        self._see_opener('"')

    def _see_opener(self, opener: str) -> None:
        if not self.nested:
            self._narrow_field(lambda field: opener not in field.node.refuses)

    def string(self, value: str) -> None:
        if not self.nested:
            self._narrow_field(
                lambda field: field.node.bound is None or field.node.bound.has(value)
            )

    def _narrow_field(self, takes: Callable[[Field], bool]) -> None:
        def may_be(layout: ModelLayout) -> bool:
            field = layout.fields.get(str(self.name))
            return field is None or field.rank > 0 or takes(field)

        self._narrow(may_be)

    def _narrow(self, may_be: Callable[[ModelLayout], bool]) -> None:
        """Leave the branches out that this can't be."""
        left = [branch for branch in self.branches if _may_be(branch, may_be)]
        if not left or len(left) == len(self.branches):
            return  # if none is left, pydantic says so when the object closes
        self.branches = left
        container = left[0].object
        if len(left) == 1 and container is not None:
            self.decide(container)


def _may_be(branch: ValueNode, may_be: Callable[[ModelLayout], bool]) -> bool:
    """Whether the object may be of that branch, as far as its model's own fields tell."""
    container = branch.object
    if container is None or container.validates_whole or container.roots:
        return True
    layout = container.layout
    return not isinstance(layout, ModelLayout) or layout.may_rewrite or may_be(layout)
