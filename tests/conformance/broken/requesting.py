"""Faults in the request."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from socket import create_connection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .acme import AcmeProvider
from .fault import fault

if TYPE_CHECKING:
    from partwise.provider import ProviderConfig, Request


def without(value: Any, key: str) -> Any:
    """A JSON value without that key, at any depth."""
    if isinstance(value, Mapping):
        return {name: without(item, key) for name, item in value.items() if name != key}
    if isinstance(value, list):
        return [without(item, key) for item in value]
    return value


class _ChangesTheBody(AcmeProvider):
    """Does something to what is sent."""

    def build_request(self, request: Request) -> Mapping[str, Any]:
        payload = super().build_request(request)
        if request.plain:
            return payload
        return {**payload, "body": self.change({**payload["body"]})}

    def change(self, body: dict[str, Any]) -> dict[str, Any]:
        return body


@fault("test_schema_arrives", message="of the schema is nowhere")
class DropsDescriptions(_ChangesTheBody):
    """Keeps the schema short."""

    def change(self, body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "tool": without(body["tool"], "description")}


@fault("test_tool_name_arrives", message="name it by `request.name`")
class NamesTheToolItself(_ChangesTheBody):
    """Has a name of its own for the tool."""

    def change(self, body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "tool": {**body["tool"], "name": "answer"}}


@fault("test_model_arrives", message="send `request.model`")
class HasOneModel(_ChangesTheBody):
    """Asks the same model always."""

    def change(self, body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "model": "acme-large"}


@fault("test_options_are_passed", message="pass on `request.options`")
class LosesOptions(AcmeProvider):
    """Knows of no options."""

    def options(self, request: Request) -> Mapping[str, Any]:
        return {}


@fault("test_messages_are_kept", message="the system message is not in the body")
class DropsTheSystemMessage(AcmeProvider):
    """Has no place for instructions."""

    def messages(self, request: Request) -> list[Mapping[str, Any]]:
        return [each for each in request.messages if each["role"] != "system"]


@fault("test_calls_and_results_are_kept", "test_reask", message="convert")
class DropsResults(AcmeProvider):
    """Has no place for the results of tools."""

    def messages(self, request: Request) -> list[Mapping[str, Any]]:
        return [each for each in request.messages if each["role"] != "tool"]


@fault("test_key_is_sent_and_nowhere_else", message="is in the request's body")
class SendsTheKeyInTheBody(AcmeProvider):
    """Repeats the key in the body."""

    def sent(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        sent = super().sent(payload)
        return {**sent, "json": {**sent["json"], "key": self.key}}


@fault("test_key_is_sent_and_nowhere_else", message="more than once")
class SendsTheKeyInTheQuery(AcmeProvider):
    """Repeats the key in the address, which proxies write down."""

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config)
        self.url += f"?key={self.key}"


@fault("test_key_is_sent_and_nowhere_else", message="is in the log")
class LogsTheKey(AcmeProvider):
    """Writes down what it sends."""

    def headers(self) -> dict[str, str]:
        headers = super().headers()
        logging.getLogger("acme").debug("headers: %s", headers)
        return headers


@fault("test_missing_key", message="must raise MissingKeyError")
class DoesWithoutAKey(AcmeProvider):
    """Notices a missing key when the vendor does."""

    def find_key(self, config: ProviderConfig) -> str:
        return config.api_key or ""


@fault("test_plain_text_is_asked_for_without_structure", message="must carry no tool, no schema")
class AsksForTheRestByItsTool(AcmeProvider):
    """Sends the tool though plain text is wanted."""

    def build_request(self, request: Request) -> Mapping[str, Any]:
        return super().build_request(replace(request, plain=False))


@fault("test_build_request_is_pure", message="must not change the request")
class ChangesTheRequest(AcmeProvider):
    """Leaves the request other than it was."""

    def build_request(self, request: Request) -> Mapping[str, Any]:
        payload = super().build_request(request)
        payload["body"].get("tool", {"schema": {}})["schema"].pop("title", None)
        return payload


@fault("test_build_request_is_pure", message="open no connection")
class ConnectsTooEarly(AcmeProvider):
    """Opens a connection where there is nothing to send yet."""

    def build_request(self, request: Request) -> Mapping[str, Any]:
        address = urlsplit(self.url)
        with suppress(OSError):
            create_connection((str(address.hostname), address.port or 80)).close()
        return super().build_request(request)


@fault("test_sync_and_async_send_the_same", message="`aopen` must send what `open` sends")
class SendsOptionsOneWayOnly(AcmeProvider):
    """Forgets a part of the body in its asynchronous half."""

    @asynccontextmanager
    async def aopen(self, payload: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        body = without(payload["body"], "title")
        async with super().aopen({**payload, "body": body}) as events:
            yield events
