"""What the plugin sends: everything that was asked for, and the key where it belongs."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import partwise
from partwise.provider import Finish, MissingKeyError, TextDelta

from ..heard import Heard
from ..subject import ANSWER, INVALID, KEY, MESSAGES, TOOL, USAGE, answer
from ..verdict import expect, fail, readable, require

if TYPE_CHECKING:
    import pytest

    from partwise.provider import Mode

    from ..stand import Stand, Way

_PROPERTIES = ("headline", "urgency", "attendees", "remarks", "full_name", "years")
_VALUES = ("whenever", "at_once")
_DESCRIPTIONS = ("what it is called, in five words", "how old, in whole years")

_SYSTEM, _FIRST, _SAID, _LAST = "Be brief, ¡por favor!", "A first note.", "Which one?", "This: 二"
_RESULT = "the room is free"
_INVALID_AGE = "-36"


class RequestChecks:
    """The request arrives as it was asked for."""

    def test_schema_arrives(self, stand: Stand, mode: Mode) -> None:
        """The schema arrives whole: properties, choices, descriptions."""
        body = _body(stand, mode)
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
                f"{sorted(missing)} are required by `request.schema`, and not by what is sent",
            )

    def test_tool_name_arrives(self, stand: Stand, tool_mode: Mode) -> None:
        """The tool has the name that the answer is looked for under."""
        require(
            TOOL in _texts(_body(stand, tool_mode)),
            f"no tool is called {TOOL!r} in the body: name it by `request.name`",
        )

    def test_plain_text_is_asked_for_without_structure(self, stand: Stand, mode: Mode) -> None:
        """The rest of an answer that was cut off is asked for as text: no tool and no schema."""
        heard = Heard()
        stand.answer_with(stand.script(mode, [TextDelta(ANSWER), Finish("stop"), USAGE]))
        with readable("reading plain text"):
            stand.read(stand.request(mode, plain=True), "sync", heard.note)
        texts = [*_texts(stand.wire.body(stand.server.requests[-1]))]
        told = [name for name in (TOOL, *_PROPERTIES) if any(name in text for text in texts)]
        advice = "a request with `plain` must carry no tool, no schema and no name of one"
        expect(told, [], advice)
        expect(heard.text, ANSWER, "the plain text that was asked for must come as `TextDelta`s")

    def test_messages_are_kept(self, stand: Stand, mode: Mode) -> None:
        """Every message arrives, in order."""
        messages = [
            {"role": "system", "content": _SYSTEM},
            {"role": "user", "content": _FIRST},
            {"role": "assistant", "content": _SAID},
            {"role": "user", "content": [{"type": "text", "text": _LAST}]},
        ]
        texts = list(_texts(_body(stand, mode, messages=messages)))
        require(
            any(_SYSTEM in text for text in texts),
            "the system message is not in the body: put it where the vendor wants instructions",
        )
        said = [text for text in texts if text in (_FIRST, _SAID, _LAST)]
        advice = "the messages of user and assistant must arrive in order, content parts too"
        expect(said, [_FIRST, _SAID, _LAST], advice)

    def test_calls_and_results_are_kept(self, stand: Stand, tool_mode: Mode) -> None:
        """A tool call of the conversation arrives, and so does its result."""
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
        texts = list(_texts(_body(stand, tool_mode, messages=messages)))
        for marker in ("find_room", "lighthouse", _RESULT):
            require(
                any(marker in text for text in texts),
                f"{marker!r} of a tool call or its result is not in the body: convert "
                "assistant messages with `tool_calls` and messages with the role `tool`",
            )

    def test_options_are_passed(self, stand: Stand, mode: Mode) -> None:
        """What else the call says goes to the vendor."""
        options = stand.suite.options
        body = _body(stand, mode, **options)
        for name, value in options.items():
            require(
                any(value == leaf for leaf in _leaves(body)),
                f"the option {name}={value!r} is not in the body: pass on `request.options`, "
                "or name one that the vendor has in the suite's `options`",
            )

    def test_model_arrives(self, stand: Stand, mode: Mode) -> None:
        """The model is the one asked for."""
        body = _body(stand, mode)
        path = stand.server.requests[-1].path
        require(
            stand.model in path or stand.model in _texts(body),
            f"{stand.model!r} is neither in the path nor in the body: send `request.model`",
        )

    def test_key_is_sent_and_nowhere_else(
        self, stand: Stand, way: Way, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The key is sent as the vendor wants it, and stands nowhere else."""
        mode = stand.default_mode
        stand.answer_with(stand.script(mode, answer(mode)))
        with caplog.at_level("DEBUG"):
            stand.listen(mode, way)
        sent = stand.server.requests[-1]
        require(
            stand.wire.bears(sent, KEY),
            "the API key did not come with the request: give the SDK what `config.key(…)` returns; "
            "where it is sent in another form, override `Wire.bears`",
        )
        head = "\n".join([sent.path, *sent.headers.values()])
        require(head.count(KEY) <= 1, f"the API key is sent more than once:\n{head}")
        payload = stand.provider.build_request(stand.request(mode))
        for where, text in {
            "the request's body": sent.body.decode(errors="replace"),
            "what `build_request` returns": repr(payload),
            "the provider's repr": repr(stand.provider),
            "the log": caplog.text,
        }.items():
            require(KEY not in text, f"the API key stands in {where}: keep it out of there")

    def test_missing_key(self, stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a key there is an error before any request."""
        _clear_environment(monkeypatch)
        if not stand.suite.needs_key:
            stand.make()
            return
        try:
            partwise.from_provider(stand.suite.provider, base_url=stand.base_url)
        except MissingKeyError:
            return
        fail(
            "without a key `from_provider` must raise MissingKeyError: call `config.key(…)` with "
            "the names of the vendor's environment variables in the factory"
        )

    def test_build_request_is_pure(self, stand: Stand, mode: Mode) -> None:
        """The same request gives the same payload, and stays as it was."""
        request = stand.request(mode, options=dict(stand.suite.options))
        before, connections = copy.deepcopy(request), stand.server.connections
        first = copy.deepcopy(stand.provider.build_request(request))
        expect(stand.provider.build_request(request), first, "`build_request` is not repeatable")
        expect(request, before, "`build_request` must not change the request")
        advice = "`build_request` must send nothing, and open no connection: that is for `open`"
        expect((stand.server.requests, stand.server.connections), ([], connections), advice)

    def test_both_ways_send_the_same(self, stand: Stand, mode: Mode) -> None:
        """Sync and async send the same body."""
        bodies = [_body(stand, mode), _body(stand, mode, way="async")]
        expect(bodies[1], bodies[0], "`aopen` must send what `open` sends")

    def test_reask(self, stand: Stand, mode: Mode, way: Way) -> None:
        """An invalid answer is shown to the model with its fault, and the next one counts."""
        replies = (stand.script(mode, answer(mode, [text])) for text in (INVALID, ANSWER))
        stand.answer_with(*replies)
        outcome = stand.create(mode, way, max_retries=1)
        expect(outcome.error, None, "a second, valid answer must make the call succeed")
        bodies = [stand.wire.body(request) for request in stand.server.requests]
        expect(len(bodies), 2, "an invalid answer must lead to one more request")
        texts = "\n".join(_texts(bodies[-1]))
        require(
            _INVALID_AGE in texts or int(_INVALID_AGE) in _leaves(bodies[-1]),
            "the second request does not show the invalid answer: convert what the core adds to "
            "`request.messages`, as OpenAI's chat form has it",
        )
        require("attendees[0].years" in texts, "the second request does not tell what was wrong")


def _body(stand: Stand, mode: Mode, way: Way = "sync", **keywords: Any) -> Any:
    """The body of the request that a call makes."""
    stand.answer_with(stand.script(mode, answer(mode)))
    outcome = stand.create(mode, way, **keywords)
    requests = stand.server.requests
    require(requests, f"no request came; the call ended with {outcome.error!r}")
    return stand.wire.body(requests[-1])


def _texts(value: Any) -> Iterator[str]:
    """All strings in a JSON value, keys included, in order."""
    return (each for each in _all(value) if isinstance(each, str))


def _leaves(value: Any) -> Iterator[Any]:
    """All of a JSON value that is no container, and the containers too."""
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
    """Leave nothing of the environment that may hold a key."""
    for name in set(os.environ) - {"PATH", "HOME", "TMPDIR", "SYSTEMROOT"}:
        monkeypatch.delenv(name)
