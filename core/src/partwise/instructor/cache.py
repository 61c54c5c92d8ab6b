"""Caches of answers: `from_provider(…, cache=AutoCache())`, or a `BaseCache` of your own.

They hold the answers of `create`. partwise's own `cache="answers.db"`, with partwise-bulk
installed, holds streams too, and plays them back.
"""

from __future__ import annotations

import hashlib
import json
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from typing import Any

from pydantic import BaseModel, TypeAdapter

from ._left_out import refusal

__all__ = ["AutoCache", "BaseCache", "make_cache_key"]

__getattr__ = refusal(
    __name__, {"DiskCache": 'cache="answers.db" of from_provider, with partwise-bulk installed'}
)


class BaseCache(ABC):
    """Where answers are kept, as text. It is called from several threads."""

    @abstractmethod
    def get(self, key: str) -> Any:
        """The text, or None."""

    @abstractmethod
    def set(self, key: str, value: Any, ttl: int | None = None) -> None:
        """Keep the text; `ttl` is in seconds, and may be ignored."""


class AutoCache(BaseCache):
    """In this process: the `maxsize` answers that were used last."""

    def __init__(self, maxsize: int = 128) -> None:
        if maxsize < 1:
            raise ValueError(f"maxsize must be >= 1, got {maxsize}")
        self._maxsize = maxsize
        self._answers: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Any:
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)

    def set(self, key: str, value: Any, ttl: int | None = None) -> None:  # noqa: ARG002
        with self._lock:
            self._answers[key] = value
            self._answers.move_to_end(key)
            if len(self._answers) > self._maxsize:
                self._answers.popitem(last=False)


def make_cache_key(
    *,
    messages: Any,
    model: str | None,
    response_model: type[BaseModel] | None,
    mode: str | None = None,
    **options: Any,
) -> str:
    """A key of everything that an answer depends on.

    Args:
        messages: in chat form.
        model: the vendor's name of it.
        response_model: its JSON schema goes in.
        mode: the mode asked for.
        options: the call's other keywords.
    """
    schema = TypeAdapter(response_model).json_schema() if response_model is not None else None
    parts = [messages, model, schema, mode, sorted(options.items())]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=repr).encode()).hexdigest()
