"""What stands between a frame and its parent, and how a container opens.

A raw container is shown by its frame and validated from its text. A root model wraps what is
inside. A container whose kind is not known yet keeps what it hears, and tells it again to the
frame of that kind when its tag has come: nothing is parsed twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._plan.nodes import ContainerNode, DictLayout, ListLayout, ModelLayout, TaggedLayout
from .._sentinels import MISSING
from .collection_frames import DictFrame, ListFrame, SetFrame, TupleFrame
from .frame import Frame, SkipFrame, escaped, quote
from .model_frame import ModelFrame

if TYPE_CHECKING:
    from typing import TypeAlias

    from .._json.parser import Sink
    from .._paths import Path
    from .._plan.nodes import RootLayout
    from .frame import Parent, Shown, Source

    Heard: TypeAlias = list[tuple[str, tuple[Any, ...]]]
    """What a sink was told: the names and arguments of its methods, in order."""


class Adapter:
    """Stands between a frame and its parent."""

    __slots__ = ("child", "engine", "parent")

    @property
    def hides(self) -> bool:
        return False

    def __init__(self, parent: Parent) -> None:
        self.engine = parent.engine
        self.parent = parent
        self.child: Shown | None = None

    def path(self) -> Path:
        return self.parent.path()

    def loc(self) -> Path:
        return self.parent.loc()

    @property
    def live(self) -> bool:
        return self.parent.live

    def snapshot(self) -> Any:
        return self.child.snapshot() if self.child is not None else MISSING


class DeferredValidation(Adapter):
    """Validates what it holds as a whole, from its text, when it closes."""

    __slots__ = ("mark",)

    def __init__(self, parent: Parent) -> None:
        super().__init__(parent)
        self.mark = self.engine.source.mark()

    @property
    def live(self) -> bool:
        return False

    def complete_container(self, value: Any) -> None:  # noqa: ARG002  what was shown has no say
        put_text(self.parent, self.engine.source.capture(self.mark))


class RootModelAdapter(Adapter):
    """Wraps what it holds in a root model."""

    __slots__ = ("inner", "shape", "shown")

    def __init__(self, parent: Parent, shape: RootLayout) -> None:
        super().__init__(parent)
        self.shape = shape
        self.inner: Any = MISSING
        self.shown: Any = MISSING

    def snapshot(self) -> Any:
        inner = super().snapshot()
        if inner is not self.inner:
            self.inner = inner
            self.shown = MISSING if inner is MISSING else self.shape.wrap(inner)
        return self.shown

    def complete_container(self, value: Any) -> None:
        if self.parent.live and self.shape.finish is not None:
            make, post_init = self.shape.finish
            value = make(value)
            for check in (post_init, *self.shape.outers) if post_init else self.shape.outers:
                value = check(value, **self.engine.python_keywords)
        elif value is not MISSING:
            value = self.shape.wrap(value)
        self.parent.complete_container(value)


def put_text(parent: Any, raw: str) -> None:
    """Validate the text of a whole value in the nearest frame above, and put the value there."""
    while isinstance(parent, Adapter):
        parent = parent.parent
    parent.put(parent.read(escaped(raw)))


def enter(parent: Parent, way: ContainerNode) -> tuple[Shown, Sink]:
    """Open a container in the parent: what shows it, and what hears of its inside."""
    outermost: Any = None
    if way.raw:
        outermost = parent = DeferredValidation(parent)
    for shape in reversed(way.roots):
        wrap = RootModelAdapter(parent, shape)
        if outermost is None:
            outermost = wrap
        else:
            parent.child = wrap
        parent = wrap
    frame = _frame(parent, way)
    if outermost is None:
        return frame, frame
    parent.child = frame
    return outermost, frame


def _frame(parent: Parent, way: ContainerNode) -> Any:
    shape = way.shape
    if isinstance(shape, ModelLayout):
        return ModelFrame(parent, shape, way.outers)
    if isinstance(shape, ListLayout):
        frame = ListFrame if shape.show is list else TupleFrame if shape.shows_open else SetFrame
        return frame(parent, shape, way.outers)
    if isinstance(shape, DictLayout):
        return DictFrame(parent, shape, way.outers)
    if isinstance(shape, TaggedLayout):
        return TaggedFrame(parent, shape, way)
    return SkipFrame(parent)


class Replay:
    """Tells a sink what a `TaggedFrame` heard, and is the source of raw text meanwhile."""

    __slots__ = ("heard", "index", "outer", "start")

    def __init__(self, outer: Source, start: Any, heard: Heard) -> None:
        self.outer = outer
        self.start = start
        self.heard = heard
        self.index = -1  # of what is told now; before the first, the object itself opens

    def into(self, sink: Any) -> Sink:
        """The sink of the innermost container that is open at the end."""
        outer: list[Any] = []
        for what, arguments in self.heard:
            self.index += 1
            if what in ("open_object", "open_array"):
                outer.append(sink)
                sink = getattr(sink, what)()
            else:
                getattr(sink, what)(*arguments)
                if what == "close":
                    sink = outer.pop()
            sink = getattr(sink, "successor", None) or sink
        return sink  # type: ignore[no-any-return]

    def mark(self) -> Any:
        # The object itself is open in the outer source still, and will close there.
        return self.index if self.index >= 0 else self.outer.retain(self.start)

    def capture(self, mark: Any) -> str:
        """The text of what was heard from the mark on, equal in meaning to what was written."""
        return written(self.heard[mark : self.index + 1])

    def retain(self, mark: Any) -> Any:
        return mark

    def release(self, mark: Any) -> None:
        if not isinstance(mark, int):
            self.outer.release(mark)


def written(heard: Heard) -> str:
    """One value's JSON text, of what a sink was told of it."""
    text, comma = "", ""
    closers: list[str] = []
    for what, arguments in heard:
        if what == "close":
            text, comma = text + closers.pop(), ","
        elif what == "key":
            text, comma = f"{text}{comma}{quote(*arguments)}:", ""
        elif what == "string":
            text, comma = f"{text}{comma}{quote(*arguments)}", ","
        elif what == "scalar":
            text, comma = f"{text}{comma}{arguments[0]}", ","
        elif what != "open_string":
            opener, closer = ("{", "}") if what == "open_object" else ("[", "]")
            closers.append(closer)
            text, comma = text + comma + opener, ""
    return text


class TaggedFrame(Frame):
    """An open object whose kind is not known yet: it keeps what it hears until its tag comes."""

    __slots__ = ("heard", "mark", "nested", "pending_key", "shape", "successor", "way")

    def __init__(self, parent: Parent, shape: TaggedLayout, way: ContainerNode) -> None:
        super().__init__(parent, way.outers)
        self.shape = shape
        self.way = way
        self.mark = self.engine.source.mark()
        self.heard: Heard = []
        self.nested = 0
        self.pending_key: str | None = None
        self.successor: Sink | None = None

    def key(self, name: str) -> None:
        self.heard.append(("key", (name,)))
        if not self.nested:
            self.pending_key = name

    def open_object(self) -> Sink:
        return self._open("open_object")

    def open_array(self) -> Sink:
        return self._open("open_array")

    def _open(self, what: str) -> Sink:
        self.heard.append((what, ()))
        self.nested += 1
        return self

    def open_string(self) -> None:
        self.heard.append(("open_string", ()))

    def string(self, value: str) -> None:
        self.heard.append(("string", (value,)))
        self._decide(quote(value))

    def scalar(self, raw: str) -> None:
        self.heard.append(("scalar", (raw,)))
        self._decide(raw)

    def _decide(self, tag: str) -> None:
        if self.nested or self.pending_key not in self.shape.tags or tag not in self.shape.choices:
            return
        way = self.shape.choices[tag].object
        if way is None:
            return
        engine, parent = self.engine, self.parent
        way = way.within(*self.outers)
        outer_source = engine.source
        engine.source = replay = Replay(outer_source, self.mark, self.heard)
        parent.child, sink = enter(parent, way)
        if engine.recorder:
            engine.recorder.opened(parent, parent.child.snapshot())
        self.successor = replay.into(sink)
        engine.source = outer_source
        outer_source.release(self.mark)
        engine.parser.sink = self.successor

    def snapshot(self) -> Any:
        return MISSING

    def close(self) -> None:
        if self.nested:
            self.heard.append(("close", ()))
            self.nested -= 1
            return
        # No tag, or one that nobody knows: pydantic says so, of the whole text.
        raw = self.engine.source.capture(self.mark)
        self.closing = True
        put_text(self.parent, raw)

    def _step(self) -> Path:
        return () if self.pending_key is None else (self.pending_key,)

    def find(self, step: str | int) -> Any:  # noqa: ARG002  nothing inside is shown
        return MISSING
