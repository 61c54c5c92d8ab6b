"""Keys that must not be told, cut out of what is raised.

Vendors, and proxies before them, have answered a wrong key with a message that repeats it. The
message would go on into errors, logs and traces, so the keys that are known are masked in it: in
the error and in all that it was caused by, the SDK's own exceptions included.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

MASK: Final = "***"

_LEAST_CHARS: Final = 8
"""What is shorter is no key of any vendor's, and may be a word."""


class Secrets:
    """The keys of one provider."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def __repr__(self) -> str:
        return f"<{len(self._known)} secrets>"

    def add(self, *values: Any) -> None:
        """Keep these secret, those of them that are text."""
        self._known.update(
            value for value in values if isinstance(value, str) and len(value) >= _LEAST_CHARS
        )

    def mask(self, error: BaseException) -> None:
        """Mask them in the error, in those that led to it, and in those that it groups."""
        waiting: list[BaseException | None] = [error] if self._known else []
        seen: set[int] = set()
        while waiting:
            each = waiting.pop()
            if each is None or id(each) in seen:
                continue
            seen.add(id(each))
            self._mask_one(each)
            waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]

    def _mask_one(self, error: BaseException) -> None:
        error.args = self.masked(error.args)
        for name, value in list(vars(error).items()):
            masked = self.masked(value)
            if masked is not value:
                setattr(error, name, masked)

    def masked(self, value: Any) -> Any:
        """The value, without secrets in its texts; the same object where there are none."""
        if isinstance(value, str):
            return self._masked_text(value)
        if type(value) is dict:
            return self._masked_dict(value)
        if type(value) in (list, tuple):
            items = [self.masked(inside) for inside in value]
            changed = any(new is not old for new, old in zip(items, value, strict=True))
            return type(value)(items) if changed else value
        if isinstance(value, BaseModel):
            # An SDK's own account of an error, say.
            fields = {**vars(value), **(value.model_extra or {})}
            masked = self._masked_dict(fields)
            return value if masked is fields else value.model_copy(update=masked)
        return value

    def _masked_dict(self, value: dict[Any, Any]) -> dict[Any, Any]:
        masked = {key: self.masked(inside) for key, inside in value.items()}
        return masked if any(masked[key] is not value[key] for key in value) else value

    def _masked_text(self, text: str) -> str:
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, MASK)
        return text
