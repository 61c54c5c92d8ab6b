"""Objects of the user's that fail when they are looked at: no misleading error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import partwise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

METHODS = ("__eq__", "__hash__", "__repr__", "__str__", "__bool__", "__len__", "__getattr__")


class Boom(Exception):  # noqa: N818 - raised by the user's object
    pass


def odd(*names: str) -> Any:
    """An object whose methods of these names fail."""

    def fail(*_: Any) -> Any:
        raise Boom

    methods: dict[str, Any] = {"__hash__": object.__hash__, **dict.fromkeys(names, fail)}
    return type("Odd", (), methods)()


@pytest.fixture(params=[*((name,) for name in METHODS), METHODS], ids=" ".join)
def found(request: pytest.FixtureRequest) -> Any:
    return odd(*request.param)


@pytest.fixture
def scripted(kit: Any) -> Iterator[None]:
    plugin = kit.Plugin(kit.Provider([kit.call('{"name": "Jo", "age": 25}')]))
    partwise.register(plugin)
    yield
    partwise.unregister(plugin)


@pytest.mark.usefixtures("scripted")
@pytest.mark.parametrize(
    "name", ["api_key", "base_url", "cache", "mode", "options", "plugin", "model"]
)
def test_a_setting_of_a_client(found: Any, name: str) -> None:
    keywords = {"model": "scripted/model", name: found}
    with pytest.raises(partwise.ConfigurationError, match=r"Odd|unknown mode"):
        partwise.from_provider(**keywords)


@pytest.mark.usefixtures("scripted")
@pytest.mark.parametrize("name", ["client", "http_client", "timeout", "max_retries", "foo"])
def test_an_object_for_the_sdk_is_passed_on(kit: Any, found: Any, name: str) -> None:
    client = partwise.from_provider("scripted/model", **{name: found})
    given = {"client": client.config.client, "http_client": client.config.http_client}
    assert {**given, **client.config.options}[name] is found
    assert client.create(kit.User, "Who?").age == 25


@pytest.mark.parametrize(
    "name",
    [
        "model", "mode", "max_retries", "strict", "hooks", "on_restart", "resume", "token_budget",
        "timeout", "idle_timeout", "limits", "options", "messages", "response_model",
    ],
)  # fmt: skip
def test_a_setting_of_a_call(sync: Any, kit: Any, found: Any, name: str) -> None:
    keywords = {"response_model": kit.User, "messages": "Who?", name: found}
    with sync.client([]) as client, pytest.raises(partwise.ConfigurationError):
        client.create_partial(**keywords)


@pytest.mark.parametrize("name", ["temperature", "extra_headers", "context", "seed"])
def test_an_option_of_a_call_is_passed_on(play: Any, kit: Any, found: Any, name: str) -> None:
    outcome = play(kit.call('{"name": "Jo", "age": 25}'), **{name: found})
    assert outcome.value.age == 25
    if name != "context":
        assert outcome.provider.payloads[0][name] is found


TRUTHLESS = odd("__bool__")
NEVER_EQUAL = odd("__eq__")


@pytest.mark.parametrize(
    "use",
    [
        lambda client, user: client.create(user, "Who?", stream=TRUTHLESS),
        lambda client, user: client.create_partial(user, "Who?", stream=TRUTHLESS),
        lambda client, user: client.create_iterable(user, "Who?", on_invalid=NEVER_EQUAL),
        lambda client, user: client.create_partial(user, "Who?").patches(standard=TRUTHLESS),
        lambda client, user: client.create_partial(user, "Who?").json_deltas(wait=TRUTHLESS),
        lambda client, user: client.create_partial(user, "Who?").field(odd("__repr__")),
        lambda client, user: client.create_partial(user, "Who?").state([odd("__repr__")]),
        lambda client, user: client.on(NEVER_EQUAL, print),
        lambda client, user: partwise.parse(user, "", lenient=TRUTHLESS),
        lambda client, user: partwise.from_provider("scripted/model", async_client=TRUTHLESS),
        lambda client, user: partwise.register(NEVER_EQUAL),
        lambda client, user: partwise.register(odd("__repr__")),
    ],
)
def test_a_flag_a_name_and_a_place(sync: Any, kit: Any, use: Callable[[Any, Any], Any]) -> None:
    with sync.client([]) as client, pytest.raises(partwise.ConfigurationError):
        use(client, kit.User)


def test_a_type_whose_schema_can_not_be_made() -> None:
    class Team:
        @classmethod
        def __get_pydantic_core_schema__(cls, *_: Any) -> Any:
            raise Boom("no schema")

    with pytest.raises(partwise.ConfigurationError, match=r"Team .*Boom: no schema") as caught:
        partwise.parse(Team, "")
    assert isinstance(caught.value.__cause__, Boom)
