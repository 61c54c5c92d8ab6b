"""One call's place in a `BaseCache`."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from pydantic import BaseModel, TypeAdapter

from ._raw import RawResponse
from .cache import BaseCache, make_cache_key


class CacheOptions(NamedTuple):
    """The keywords of a call that are for its cache."""

    cache: BaseCache | None
    ttl: int | None
    namespace: str

    @classmethod
    def taken_from(cls, options: dict[str, Any]) -> CacheOptions:
        """Remove them from a call's keywords."""
        cache = options.pop("cache", None) if isinstance(options.get("cache"), BaseCache) else None
        return cls(cache, options.pop("cache_ttl", None), options.pop("cache_namespace", ""))


class CachedAnswer:
    """The place of a call's answer in its cache; if it has none, nothing is kept.

    Args:
        cached: the keywords for the cache.
        response_model: the call's.
        messages: in chat form.
        options: the call's other keywords.
        model: the client's, for calls that name none.
    """

    def __init__(
        self,
        cached: CacheOptions,
        response_model: Any,
        messages: Any,
        options: dict[str, Any],
        model: str | None,
    ) -> None:
        self._cache = cached.cache if _is_model(response_model) else None
        self._ttl = cached.ttl
        self._model = response_model
        if self._cache is not None:
            given = {"model": model, "mode": None, **options, "namespace": cached.namespace}
            self._key = make_cache_key(messages=messages, response_model=response_model, **given)

    def load(self) -> tuple[Any, RawResponse] | None:
        """The answer, and the vendor's; None if it is not there."""
        text = None if self._cache is None else self._cache.get(self._key)
        if text is None:
            return None
        kept = json.loads(text)
        value = self._model.model_validate_json(kept["answer"])
        return _with_raw(value, TypeAdapter(RawResponse).validate_json(kept["raw"]))

    def store(self, value: Any, raw: RawResponse) -> tuple[Any, RawResponse]:
        """Keep the answer, and the vendor's; gives both, as `load` would."""
        if self._cache is not None:
            told = TypeAdapter(RawResponse).dump_json(raw, exclude={"events"}).decode()
            kept = {"answer": value.model_dump_json(), "raw": told}
            self._cache.set(self._key, json.dumps(kept), ttl=self._ttl)
        return _with_raw(value, raw)


def _with_raw(value: Any, raw: RawResponse) -> tuple[Any, RawResponse]:
    """The value with the vendor's answer as its `_raw_response`, as Instructor puts it there."""
    if isinstance(value, BaseModel):
        value._raw_response = raw  # type: ignore[attr-defined]  # noqa: SLF001
    return value, raw


def _is_model(response_model: Any) -> bool:
    return isinstance(response_model, type) and issubclass(response_model, BaseModel)
