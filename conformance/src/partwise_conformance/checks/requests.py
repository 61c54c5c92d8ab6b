"""Checks of the request: it has everything asked for, and the key only in its place."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import partwise
from partwise.provider import Finish, MissingKeyError, TextDelta

from ..assertions import expect, fail, raises_nothing, require
from ..fixtures import ANSWER, INVALID, KEY, MESSAGES, TOOL, USAGE, answer
from ..transcript import Transcript

if TYPE_CHECKING:
    import pytest

    from partwise.provider import Mode

    from ..harness import Harness, Style

_PROPERTIES = ("headline", "urgency", "attendees", "remarks", "full_name", "years")
_VALUES = ("whenever", "at_once")
_DESCRIPTIONS = ("what it is called, in five words", "how old, in whole years")

_SYSTEM, _FIRST, _SAID, _LAST = "Be brief, ¡por favor!", "A first note.", "Which one?", "This: 二"
_RESULT = "the room is free"
_INVALID_AGE = "-36"


class RequestChecks:
    """The request has everything that was asked for."""

    def test_schema_arrives(self, harness: Harness, mode: Mode) -> None:
        """The schema arrives whole: properties, choices, descriptions.

        Source: `transform` of `partwise.provider`: nothing is lost in silence.
        """
        body = _body(harness, mode)
        texts = list(_texts(body))
        for marker in (*_PROPERTIES, *_VALUES, *_DESCRIPTIONS):
            require(
                any(marker in text for text in texts),
                f"{marker!r} of the schema is nowhere in the body: pass on all of `request.schema`",
            )
        if not mode.prompts_schema:
            missing = set(_PROPERTIES) - set(_required(body))
            require(
                not missing,
                f"{sorted(missing)} are required by `request.schema`, and not by the body",
            )

    def test_tool_name_arrives(self, harness: Harness, tool_mode: Mode) -> None:
        """The tool has the name that the answer is looked for under.

        Source: `Request.name` of `partwise.provider`.
        """
        require(
            TOOL in _texts(_body(harness, tool_mode)),
            f"no tool is called {TOOL!r} in the body: name it by `request.name`",
        )

    def test_plain_text_is_asked_for_without_structure(self, harness: Harness, mode: Mode) -> None:
        """The rest of an answer that was cut off is asked for as text: no tool and no schema.

        Source: `Request.plain` of `partwise.provider`.
        """
        transcript = Transcript()
        harness.answer_with(harness.script(mode, [TextDelta(ANSWER), Finish("stop"), USAGE]))
        with raises_nothing("reading plain text"):
            harness.read(harness.request(mode, plain=True), "sync", transcript.note)
        texts = [*_texts(harness.wire.body(harness.server.requests[-1]))]
        named = [name for name in (TOOL, *_PROPERTIES) if any(name in text for text in texts)]
        advice = "a request with `plain` must carry no tool, no schema and no name of one"
        expect(named, [], advice)
        expect(
            transcript.text, ANSWER, "the plain text that was asked for must come as `TextDelta`s"
        )

    def test_messages_are_kept(self, harness: Harness, mode: Mode) -> None:
        """Every message arrives, in order.

        Source: `Request.messages` of `partwise.provider`.
        """
        messages = [
            {"role": "system", "content": _SYSTEM},
            {"role": "user", "content": _FIRST},
            {"role": "assistant", "content": _SAID},
            {"role": "user", "content": [{"type": "text", "text": _LAST}]},
        ]
        texts = list(_texts(_body(harness, mode, messages=messages)))
        require(
            any(_SYSTEM in text for text in texts),
            "the system message is not in the body: use the vendor's field for instructions",
        )
        sent = [text for text in texts if text in (_FIRST, _SAID, _LAST)]
        advice = "the messages of user and assistant must arrive in order, content parts too"
        expect(sent, [_FIRST, _SAID, _LAST], advice)

    def test_calls_and_results_are_kept(self, harness: Harness, tool_mode: Mode) -> None:
        """A tool call of the conversation arrives, and so does its result.

        Source: `Request.messages` of `partwise.provider`: OpenAI's chat form.
        """
        function = {"name": "find_room", "arguments": '{"place":"lighthouse"}'}
        messages = [
            *MESSAGES,
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "room_1", "type": "function", "function": function}],
            },
            {"role": "tool", "tool_call_id": "room_1", "content": _RESULT},
        ]
        texts = list(_texts(_body(harness, tool_mode, messages=messages)))
        for marker in ("find_room", "lighthouse", _RESULT):
            require(
                any(marker in text for text in texts),
                f"{marker!r} of a tool call or its result is not in the body: convert "
                "assistant messages with `tool_calls` and messages with the role `tool`",
            )

    def test_options_are_passed(self, harness: Harness, mode: Mode) -> None:
        """Further keywords of the call are sent to the vendor.

        Source: `Request.options` of `partwise.provider`.
        """
        options = harness.suite.options
        body = _body(harness, mode, **options)
        for name, value in options.items():
            require(
                any(value == leaf for leaf in _leaves(body)),
                f"the option {name}={value!r} is not in the body: pass on `request.options`, "
                "or name one that the vendor has in the suite's `options`",
            )

    def test_model_arrives(self, harness: Harness, mode: Mode) -> None:
        """The model is the one asked for.

        Source: `Request.model` of `partwise.provider`.
        """
        body = _body(harness, mode)
        path = harness.server.requests[-1].path
        require(
            harness.model in path or harness.model in _texts(body),
            f"{harness.model!r} is neither in the path nor in the body: send `request.model`",
        )

    def test_key_is_sent_and_nowhere_else(
        self, harness: Harness, style: Style, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The key is sent in the vendor's place for it, and is nowhere else.

        Source: `docs/security.md`.
        """
        mode = harness.default_mode
        harness.answer_with(harness.script(mode, answer(mode)))
        with caplog.at_level("DEBUG"):
            harness.receive(mode, style)
        sent = harness.server.requests[-1]
        require(
            harness.wire.bears(sent, KEY),
            "the API key did not come with the request: give `config.key(…)` to the SDK; "
            "if it is sent in another form, override `Wire.bears`",
        )
        head = "\n".join([sent.path, *sent.headers.values()])
        require(head.count(KEY) <= 1, f"the API key is sent more than once:\n{head}")
        payload = harness.provider.build_request(harness.request(mode))
        for where, text in {
            "the request's body": sent.body.decode(errors="replace"),
            "the result of `build_request`": repr(payload),
            "the provider's repr": repr(harness.provider),
            "the log": caplog.text,
        }.items():
            require(KEY not in text, f"the API key is in {where}: keep it out of there")

    def test_missing_key(self, harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a key there is an error before any request.

        Source: `ProviderConfig.key` of `partwise.provider`.
        """
        _clear_environment(monkeypatch)
        if not harness.suite.needs_key:
            harness.make()
            return
        try:
            partwise.from_provider(harness.suite.provider, base_url=harness.base_url)
        except MissingKeyError:
            return
        fail(
            "without a key `from_provider` must raise MissingKeyError: call `config.key(…)` with "
            "the names of the vendor's environment variables in the factory"
        )

    def test_build_request_is_pure(self, harness: Harness, mode: Mode) -> None:
        """The same request gives the same payload, and stays as it was.

        Source: `Provider.build_request` of `partwise.provider`.
        """
        request = harness.request(mode, options=dict(harness.suite.options))
        before, connections = copy.deepcopy(request), harness.server.connections
        first = copy.deepcopy(harness.provider.build_request(request))
        expect(harness.provider.build_request(request), first, "`build_request` is not repeatable")
        expect(request, before, "`build_request` must not change the request")
        advice = "`build_request` must send nothing, and open no connection: that is for `open`"
        expect((harness.server.requests, harness.server.connections), ([], connections), advice)

    def test_sync_and_async_send_the_same(self, harness: Harness, mode: Mode) -> None:
        """Sync and async send the same body.

        Source: `Provider.aopen` of `partwise.provider`: as `open`.
        """
        bodies = [_body(harness, mode), _body(harness, mode, style="async")]
        expect(bodies[1], bodies[0], "`aopen` must send what `open` sends")

    def test_reask(self, harness: Harness, mode: Mode, style: Style) -> None:
        """An invalid answer is shown to the model with its fault, and the next one counts.

        Source: `docs/retries.md`.
        """
        replies = (harness.script(mode, answer(mode, [text])) for text in (INVALID, ANSWER))
        harness.answer_with(*replies)
        outcome = harness.create(mode, style, max_retries=1)
        expect(outcome.error, None, "a second, valid answer must make the call succeed")
        bodies = [harness.wire.body(request) for request in harness.server.requests]
        expect(len(bodies), 2, "an invalid answer must lead to one more request")
        texts = "\n".join(_texts(bodies[-1]))
        require(
            _INVALID_AGE in texts or int(_INVALID_AGE) in _leaves(bodies[-1]),
            "the second request does not show the invalid answer: convert the messages that the "
            "core adds to `request.messages`, as OpenAI's chat form has it",
        )
        require("attendees[0].years" in texts, "the second request does not name the fault")


def _body(harness: Harness, mode: Mode, style: Style = "sync", **keywords: Any) -> Any:
    """The body of the request that a call makes."""
    harness.answer_with(harness.script(mode, answer(mode)))
    outcome = harness.create(mode, style, **keywords)
    requests = harness.server.requests
    require(requests, f"no request came; the call ended with {outcome.error!r}")
    return harness.wire.body(requests[-1])


def _texts(value: Any) -> Iterator[str]:
    """All strings in a JSON value, keys included, in order."""
    return (each for each in _all(value) if isinstance(each, str))


def _leaves(value: Any) -> Iterator[Any]:
    """All values in a JSON value, containers included."""
    return _all(value)


def _all(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from _all(item)
    elif isinstance(value, list):
        for item in value:
            yield from _all(item)


def _required(value: Any) -> Iterator[str]:
    for each in _all(value):
        if isinstance(each, Mapping) and isinstance(each.get("required"), list):
            yield from each["required"]


def _clear_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove every environment variable that may be a key."""
    for name in set(os.environ) - {"PATH", "HOME", "TMPDIR", "SYSTEMROOT"}:
        monkeypatch.delenv(name)
