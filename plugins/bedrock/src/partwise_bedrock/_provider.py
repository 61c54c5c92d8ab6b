"""The provider: one client of boto3's, which threads may share, those of `open_in_thread` too."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, closing, contextmanager, suppress
from functools import partial
from typing import Any

import partwise.provider as pw

from ._answer import BedrockDecoder, map_error
from ._request import build_request, capabilities


class BedrockProvider:
    """Amazon Bedrock. Options of `from_provider` go to boto3's `client`, or to its `Session`."""

    capabilities = staticmethod(capabilities)
    build_request = staticmethod(build_request)

    def __init__(self, config: pw.ProviderConfig) -> None:
        if config.http_client is not None:
            raise pw.ConfigurationError("boto3 takes no http_client=: say it in config=")
        self._config = config
        self._lock = threading.Lock()
        self._client: Any = None

    def decoder(self, request: pw.Request) -> BedrockDecoder:  # noqa: ARG002 - all are alike
        return BedrockDecoder(self._config.name)

    def map_error(self, error: Exception) -> pw.ProviderError | None:
        return map_error(error, self._config.name)

    @contextmanager
    def open(self, payload: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        with closing(self._send(payload)) as stream:
            yield iter(stream)

    def aopen(self, payload: Mapping[str, Any]) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        return pw.open_in_thread(partial(self._send, payload), _interrupt)

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None and self._config.client is None:
            client.close()

    async def aclose(self) -> None:
        self.close()

    def _send(self, payload: Mapping[str, Any]) -> Any:
        with self._lock:
            self._client = client = self._client or self._connect()
        return client.converse_stream(**payload)["stream"]

    def _connect(self) -> Any:
        import boto3
        from botocore import UNSIGNED
        from botocore.config import Config

        client, options = self._config.client, dict(self._config.options)
        if client is None:
            session = boto3.Session(profile_name=options.pop("profile_name", None))
            if self._config.api_key is not None:
                unsigned = Config(signature_version=UNSIGNED)
                options["config"] = unsigned.merge(options.get("config") or unsigned)
            if self._config.sdk_retries is not None:
                # The first attempt counts here.
                retries = Config(retries={"total_max_attempts": self._config.sdk_retries + 1})
                options["config"] = (options.get("config") or retries).merge(retries)
            client = session.client(
                "bedrock-runtime", endpoint_url=self._config.base_url, **options
            )
        hooks, call = client.meta.events, "bedrock-runtime.ConverseStream"
        hooks.register(
            f"provide-client-params.{call}", self._take_timeout, unique_id="partwise-time"
        )
        hooks.register(f"before-send.{call}", self._bear_key, unique_id="partwise-key")
        return client

    def _take_timeout(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["read_timeout"] = params.pop("read_timeout", None)

    def _bear_key(self, request: Any, **_: Any) -> None:
        # botocore takes such a key from the environment alone. What came earlier, it would log.
        if self._config.api_key is not None:
            request.headers["Authorization"] = f"Bearer {self._config.api_key}"


def _interrupt(stream: Any) -> None:
    """End the read that a thread is in, for which `close` would wait."""
    with suppress(OSError, RuntimeError, ValueError):  # it has just come to its end by itself
        stream._raw_stream.shutdown()  # noqa: SLF001 - botocore shows the response nowhere else
