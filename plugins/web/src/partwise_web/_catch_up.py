"""Lets a reader that comes back go on from where it was.

An answer in a log is read from its beginning. Shown so, a page would shrink and grow again. So the
patches up to the id that the reader has seen go into one, which sets the whole document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from ._updates import Patch

    Operation: TypeAlias = Mapping[str, Any]


def fold(document: Any, patch: Sequence[Operation]) -> Any:
    """The document after a patch of partwise's. The document given is changed."""
    root = {"": document}
    for operation in patch:
        parent: Any = root
        steps = ["", *operation["path"].split("/")[1:]]
        for step in steps[:-1]:
            parent = parent[_key(parent, step)]
        _apply(parent, _key(parent, steps[-1]), operation)
    return root[""]


def _apply(parent: Any, key: Any, operation: Operation) -> None:
    if operation["op"] == "append":
        parent[key] += operation["value"]
    elif operation["op"] == "remove":
        del parent[key]
    elif operation["op"] == "add" and isinstance(parent, list):
        parent.insert(key, operation["value"])
    else:
        parent[key] = operation["value"]


def _key(parent: Any, step: str) -> Any:
    return int(step) if isinstance(parent, list) else step.replace("~1", "/").replace("~0", "~")


class CatchUp:
    """Holds patches back up to the id that the reader has seen.

    Args:
        seen: the id, an attempt and a number of characters such as `1.345`; any other text holds
            nothing back.
    """

    def __init__(self, seen: str | None) -> None:
        self._seen = _place(seen or "")
        self._document: Any = None
        self._is_held = False
        self._is_first = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is held back any more."""
        return self._seen is None

    def take(self, patch: Patch) -> Patch | None:
        """The patch that is to be sent; None if it is held back."""
        if self._seen is None:
            return self._named(patch)
        self._document = fold(self._document, patch.operations)
        self._is_held = True
        place = _place(patch.id)
        return self.rest(patch) if place is None or place >= self._seen else None

    def rest(self, patch: Patch) -> Patch | None:
        """The patch that sets the document, if anything is held back. `patch` is the last one."""
        self._seen = None
        if not self._is_held:
            return None
        self._is_held, self._is_first = False, True
        whole = {"op": "add", "path": "", "value": self._document}
        return type(patch)([whole], patch.id, is_whole=True)

    def _named(self, patch: Patch) -> Patch:
        """The patch; the first one after the whole document names its place."""
        if self._is_first and patch.operations:
            self._is_first = False
            first = patch.operations[0]
            first["path"] = first["path"]  # its JSON has only a path that is in the dict
        return patch


def _place(event_id: str) -> tuple[int, int] | None:
    attempt, _, chars = event_id.partition(".")
    return (int(attempt), int(chars)) if attempt.isdecimal() and chars.isdecimal() else None
