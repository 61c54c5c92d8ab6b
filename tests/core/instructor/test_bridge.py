"""Instructor's calls over the real OpenAI SDK and a server on loopback."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import anthropic
import openai
import pytest
from google.genai import types as genai
from openai.types.chat import ChatCompletionMessage
from pydantic import AfterValidator, BaseModel, Field, ValidationError

import partwise
from partwise import instructor
from partwise.instructor.cache import AutoCache
from partwise.instructor.core.exceptions import (
    ConfigurationError,
    IncompleteOutputException,
    InstructorRetryException,
    ModeError,
    MultimodalError,
)
from partwise.instructor.core.hooks import HookName, Hooks
from partwise.instructor.dsl.partial import Partial, PartialLiteralMixin, _make_field_optional
from partwise.instructor.mode import Mode, own_mode
from partwise.instructor.processing.multimodal import PDF, Audio, Image
from partwise.instructor.utils import disable_pydantic_error_url
from partwise_conformance import ReplayServer, chat_answer

if TYPE_CHECKING:
    from pathlib import Path

    from partwise_conformance import RecordedRequest, Reply

ADA = '{"name":"Ada","age":36}'
TWO = '{"value":[{"name":"Ada","age":36},{"name":"Alan","age":41}]}'
MESSAGES = [{"role": "user", "content": "Ada is 36"}]
MODEL = "gpt-4.1-mini"


class User(BaseModel):
    name: str
    age: int


class Vendor:
    """Answers with the texts in turn, the last again and again."""

    def __init__(self, *texts: str) -> None:
        self.texts = [*texts]
        self.server = ReplayServer(self.answer)

    def answer(self, request: RecordedRequest) -> Reply:
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        return chat_answer(text)(request)

    @property
    def url(self) -> str:
        return f"{self.server.url}/v1"

    @property
    def bodies(self) -> list[Any]:
        return [request.json() for request in self.server.requests]


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    vendor = Vendor(ADA)
    with vendor.server:
        yield vendor


@pytest.fixture
def client(vendor: Vendor) -> Iterator[Any]:
    with openai.OpenAI(base_url=vendor.url, api_key="any", max_retries=0) as sdk:
        yield instructor.from_openai(sdk, MODEL)


def test_create_gives_the_answer_with_the_vendors_beside_it(client: Any) -> None:
    user = client.chat.completions.create(response_model=User, messages=MESSAGES)
    assert user == User(name="Ada", age=36)
    assert user.model_dump() == {"name": "Ada", "age": 36}
    assert user._raw_response.usage.total_tokens > 0


def test_create_with_completion(client: Any) -> None:
    user, completion = client.create_with_completion(response_model=User, messages=MESSAGES)
    assert (user.name, completion.choices[0].finish_reason is not None) == ("Ada", True)
    assert completion.choices[0].message.tool_calls[0].function.arguments == ADA


def test_snapshots(client: Any) -> None:
    *_, last = client.create_partial(response_model=User, messages=MESSAGES, stream=True)
    assert last == User(name="Ada", age=36)
    *_, last = client.create(response_model=Partial[User], messages=MESSAGES, stream=True)
    assert type(last) is User


@pytest.mark.parametrize("stream", [True, False])
def test_iterables(vendor: Vendor, client: Any, stream: bool) -> None:
    vendor.texts = [TWO]
    users = client.create(response_model=Iterable[User], messages=MESSAGES, stream=stream)
    assert [user.name for user in users] == ["Ada", "Alan"]
    assert [u.name for u in client.create_iterable(User, MESSAGES)] == ["Ada", "Alan"]


def test_parallel_tools_are_elements_of_either_type(vendor: Vendor, client: Any) -> None:
    class City(BaseModel):
        city: str

    vendor.texts = ['{"value":[{"city":"London"},{"name":"Ada","age":36}]}']
    both = client.create(Iterable[User | City], MESSAGES, mode=Mode.PARALLEL_TOOLS)
    assert [*both] == [City(city="London"), User(name="Ada", age=36)]


def test_without_a_response_model_the_vendors_answer_comes(vendor: Vendor, client: Any) -> None:
    vendor.texts = ["Hello"]
    answer = client.create(response_model=None, messages="Hi", temperature=0)
    assert answer.choices[0].message.content == "Hello"
    assert vendor.bodies[0]["messages"] == [{"role": "user", "content": "Hi"}]
    assert "tools" not in vendor.bodies[0]


async def test_asyncio(vendor: Vendor) -> None:
    vendor.texts = [ADA, ADA, ADA, TWO, TWO, "Hello"]
    async with openai.AsyncOpenAI(base_url=vendor.url, api_key="any", max_retries=0) as sdk:
        client = instructor.from_openai(sdk, MODEL)
        assert (await client.create(response_model=User, messages=MESSAGES)).age == 36
        snapshots = await client.create_partial(response_model=User, messages=MESSAGES)
        assert [each async for each in snapshots][-1] == User(name="Ada", age=36)
        stream = await client.create(Partial[User], MESSAGES, stream=True)
        assert [each async for each in stream][-1] == User(name="Ada", age=36)
        users = await client.create(Iterable[User], MESSAGES, stream=True)
        assert [user.age async for user in users] == [36, 41]
        assert len(await client.create(Iterable[User], MESSAGES)) == 2
        answer = await client.create(messages=MESSAGES)
        assert answer.choices[0].message.content == "Hello"


def test_templates_are_filled_in(vendor: Vendor, client: Any) -> None:
    parts = [{"type": "text", "text": "{{ name }}?"}, "{{ name }}!"]
    said = [{"role": "system", "content": "{{ name }}"}, {"role": "user", "content": parts}]
    client.create(response_model=User, messages=said, context={"name": "Ada"})
    system, user = vendor.bodies[0]["messages"]
    texts = [part["text"] for part in user["content"]]
    assert (system["content"], texts) == ("Ada", ["Ada?", "Ada!"])


def test_a_template_is_never_sent_as_it_is(
    vendor: Vendor, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2.sandbox", None)
    said = [{"role": "user", "content": "{{ name }}?"}]
    with pytest.raises(ConfigurationError, match=r"pip install 'partwise\[jinja\]'"):
        client.create(User, said, context={"name": "Ada"})
    assert vendor.bodies == []
    client.create(User, said)  # without a context the braces are the user's own
    assert vendor.bodies[0]["messages"] == said


def test_media_are_parts_in_chat_form(vendor: Vendor, client: Any, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    content = [
        "Look:",
        Image.from_url("https://example.com/a.png"),
        Audio.from_path(tmp_path / "a.wav"),
        PDF.from_base64("data:application/pdf;base64,QQ=="),
        Image.autodetect("QUJD"),
        "https://example.com/b.jpg",
    ]
    said = [{"role": "user", "content": content}]
    client.create(response_model=User, messages=said, autodetect_images=True)
    text, image, audio, pdf, raw, found = vendor.bodies[0]["messages"][0]["content"]
    assert found["image_url"]["url"] == "https://example.com/b.jpg"
    assert text == {"type": "text", "text": "Look:"}
    assert image["image_url"]["url"] == "https://example.com/a.png"
    assert audio["input_audio"] == {"data": "UklGRg==", "format": "wav"}
    assert pdf["file"]["file_data"] == "data:application/pdf;base64,QQ=="
    assert raw["image_url"]["url"] == "data:image/jpeg;base64,QUJD"
    with pytest.raises(MultimodalError, match="no such file"):
        Image.from_path(tmp_path / "b.png")
    with pytest.raises(MultimodalError, match="from_path"):
        Audio.from_url("https://example.com/a.wav").part()


def test_a_failed_call_tells_its_attempts(vendor: Vendor, client: Any) -> None:
    vendor.texts = ['{"name":"Ada","age":"old"}']
    with pytest.raises(InstructorRetryException) as caught:
        client.create(response_model=User, messages=MESSAGES, max_retries=1)
    error = caught.value
    assert (error.n_attempts, len(error.failed_attempts), len(vendor.bodies)) == (2, 2, 2)
    assert error.last_completion.startswith('{"name"')
    assert isinstance(error.__cause__, partwise.RetriesExhaustedError)
    assert isinstance(error, partwise.PartwiseError)
    assert error.snapshot is not None


def test_what_cannot_be_asked_is_a_configuration_error(client: Any) -> None:
    with pytest.raises(ConfigurationError):
        client.create(response_model=User, messages=MESSAGES, timeout=-1)
    with pytest.raises(ModeError, match="mode"):
        client.create(response_model=User, messages=MESSAGES, mode="sideways")
    assert issubclass(IncompleteOutputException, partwise.PartwiseError)


def test_a_mode_that_the_model_lacks_is_its_best(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "any")
    client = instructor.from_provider("google/gemini-3-flash", mode=Mode.JSON)
    assert client._mode is None


def test_an_answer_in_the_cache_is_not_asked_for_again(vendor: Vendor, client: Any) -> None:
    cache = AutoCache(maxsize=2)
    ask = functools.partial(
        client.create_with_completion, User, MESSAGES, cache=cache, cache_ttl=60
    )
    first, completion = ask()
    again, kept = ask()
    assert (again, len(vendor.bodies)) == (first, 1)
    assert again._raw_response.usage == kept.usage == completion.usage
    assert kept.choices == completion.choices
    ask(temperature=1)
    ask(cache_namespace="mine")
    assert len(vendor.bodies) == 3
    ask()
    assert len(vendor.bodies) == 4  # two are kept
    with pytest.raises(ValueError, match="maxsize must be >= 1, got 0"):
        AutoCache(maxsize=0)


def test_a_client_with_a_cache_streams(vendor: Vendor) -> None:
    client = instructor.from_provider(
        f"openai/{MODEL}", base_url=vendor.url, api_key="any", cache=AutoCache()
    )
    *_, last = client.create_partial(User, MESSAGES, cache_ttl=60)
    assert last == User(name="Ada", age=36)
    client.close()


async def test_an_async_answer_in_the_clients_cache(vendor: Vendor) -> None:
    client = instructor.from_provider(
        f"openai/{MODEL}", async_client=True, base_url=vendor.url, api_key="any", cache=AutoCache()
    )
    assert await client.create(User, MESSAGES) == await client.create(User, MESSAGES)
    assert len(vendor.bodies) == 1
    await client.close()


def test_the_clients_of_sdks_are_patched() -> None:
    made = instructor.patch(openai.OpenAI(api_key="any"))
    assert isinstance(made, instructor.Instructor)
    made = instructor.apatch(anthropic.AsyncAnthropic(api_key="any"))
    assert isinstance(made, instructor.AsyncInstructor)
    with pytest.raises(ConfigurationError, match="from_openai"):
        instructor.patch(create=print)


def test_models_that_tell_their_schemas(client: Any) -> None:
    class Known(instructor.OpenAISchema):
        """A person."""

        name: str

    function = Known.openai_schema
    assert (function["name"], function["description"]) == ("Known", "A person.")
    assert function["parameters"]["required"] == ["name"]
    assert instructor.openai_schema(Known) is Known
    assert instructor.generate_anthropic_schema(User)["input_schema"]["required"] == ["name", "age"]
    assert client.create(Known, MESSAGES) == Known(name="Ada")
    with pytest.raises(NotImplementedError, match=r"partwise\.parse"):
        Known.from_response(None)


def test_messages_may_be_objects_of_sdks(vendor: Vendor, client: Any) -> None:
    _, completion = client.create_with_completion(User, MESSAGES, mode="md_json")
    inline = genai.Part.from_bytes(data=b"%PDF", mime_type="application/pdf")
    linked = genai.Part.from_uri(file_uri="gs://b/a.pdf", mime_type="application/pdf")
    said = [
        genai.Content(role="user", parts=[genai.Part.from_text(text="Ada?"), inline, linked]),
        genai.Content(role="model", parts=[genai.Part.from_text(text="Yes.")]),
        completion.choices[0].message,
        ChatCompletionMessage(role="assistant", content="So."),
    ]
    client.create(User, said, system="Be {{ way }}.", context={"way": "brief"})
    system, asked, *answers = vendor.bodies[-1]["messages"]
    assert (system["role"], system["content"]) == ("system", "Be brief.")
    text, pdf, stored = asked["content"]
    assert text == {"type": "text", "text": "Ada?"}
    assert pdf["file"]["file_data"] == "data:application/pdf;base64,JVBERg=="
    assert stored["file"]["file_data"] == "gs://b/a.pdf"
    assert [each["role"] for each in answers] == ["assistant"] * 3
    assert answers[1]["content"] == ADA


def test_googles_configuration_is_keywords(client: Any) -> None:
    kwargs: dict[str, Any] = {}
    client.on("completion:kwargs", lambda **given: kwargs.update(given))
    client.create(User, MESSAGES, generation_config={"temperature": 0.5})
    assert kwargs["temperature"] == 0.5


def test_errors_of_pydantics_without_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYDANTIC_ERRORS_INCLUDE_URL", "1")
    disable_pydantic_error_url()
    assert os.environ["PYDANTIC_ERRORS_INCLUDE_URL"] == "0"


def test_hooks_are_combined() -> None:
    heard: list[int] = []
    one, other = Hooks(), Hooks()
    one.on("parse:error", lambda _: heard.append(1))
    other.on("parse:error", lambda _: heard.append(2))
    for handler in Hooks.combine(one, other.copy()).handlers("parse:error"):
        handler(None)
    assert heard == [1, 2]


def test_hooks(client: Any) -> None:
    heard: list[str] = []
    client.on(HookName.COMPLETION_KWARGS, lambda **_: heard.append("kwargs"))
    client.hooks.on("completion:response", lambda _: heard.append("response"))
    client.create(response_model=User, messages=MESSAGES)
    assert heard == ["kwargs", "response"]
    client.clear()
    client.create(response_model=User, messages=MESSAGES)
    assert len(heard) == 2


def test_maybe_and_iterable_models(vendor: Vendor, client: Any) -> None:
    vendor.texts = ['{"result":null,"error":true,"message":"nobody"}']
    nobody = client.create(response_model=instructor.Maybe(User), messages=MESSAGES)
    assert not nobody
    assert nobody.message == "nobody"
    assert list(instructor.IterableModel(User).model_fields) == ["tasks"]


def test_citations_are_kept_if_the_text_has_them(vendor: Vendor, client: Any) -> None:
    class Fact(instructor.CitationMixin, BaseModel):
        fact: str

    vendor.texts = ['{"substring_quotes":["is 36","is 40"],"fact":"36"}']
    fact = client.create(response_model=Fact, messages=MESSAGES, context={"context": "Ada is 36"})
    assert fact.substring_quotes == ["is 36"]


def test_a_model_validates(vendor: Vendor, client: Any) -> None:
    kind = instructor.llm_validator("a real name", client)

    class Named(BaseModel):
        name: Annotated[str, AfterValidator(kind)]

    vendor.texts = ['{"is_valid":true}', '{"is_valid":false,"reason":"made up"}']
    assert Named(name="Ada").name == "Ada"
    with pytest.raises(ValueError, match="made up"):
        Named(name="Xyz")


def test_partial_reads_text_by_itself() -> None:
    class Card(BaseModel, PartialLiteralMixin):
        title: str = Field(min_length=1)

    assert Partial[Card] is partwise.Partial[Card]
    assert vars(Partial[Card])["get_partial_model"]() is Partial[Card]
    partial: Any = Partial[Card]
    *_, last = partial.model_from_chunks(['{"title":', '"Move"}'])
    assert last == Card(title="Move")


async def test_partial_reads_text_asynchronously() -> None:
    partial: Any = Partial[User]
    last = [each async for each in partial.model_from_chunks_async([ADA[:9], ADA[9:]])][-1]
    assert last == User(name="Ada", age=36)
    with pytest.raises(ValidationError, match="age"):
        [each async for each in partial.model_from_chunks_async(['{"name":"Ada"}'])]


def test_partial_reads_the_start_of_a_text() -> None:
    partial: Any = Partial[User]
    (last,) = partial.model_from_chunks(['{"name":"Ad'])
    assert (last.name, last.age, type(last) is User) == ("Ad", None, False)


def test_a_text_that_is_not_valid_is_an_error_of_pydantics() -> None:
    partial: Any = Partial[User]
    with pytest.raises(ValidationError, match="age") as caught:
        [*partial.model_from_chunks(['{"name":"Ada"}'])]
    cause = caught.value.__cause__
    assert isinstance(cause, partwise.InvalidOutputError)
    assert cause.__cause__ is None
    assert cause.snapshot.name == "Ada"


def test_the_parts_of_partial_that_instructors_users_reach_for() -> None:
    partial: Any = Partial[User]
    assert partial._original_model is User
    annotation, field = _make_field_optional(User.model_fields["name"])
    assert (annotation, field.default, field.is_required()) == (str | None, None, False)
    assert User.model_fields["name"].is_required()


@pytest.mark.parametrize(
    ("old", "own"),
    [
        (Mode.TOOLS, "tools"),
        (Mode.ANTHROPIC_TOOLS, "tools"),
        (Mode.MD_JSON, "md_json"),
        (Mode.JSON, "json"),
        (Mode.GENAI_STRUCTURED_OUTPUTS, "json_schema"),
        (Mode.RESPONSES_TOOLS, "responses_tools"),
        ("tool_call", "tools"),
        ("json_schema", "json_schema"),
        (None, None),
    ],
)
def test_old_names_of_modes(old: Any, own: str | None) -> None:
    assert own_mode(old) == own


def test_clients_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    client = instructor.from_provider(f"openai/{MODEL}", mode=Mode.TOOLS)
    assert isinstance(client, instructor.Instructor)
    both = client.hooks + instructor.core.Hooks()
    client = instructor.from_provider(f"openai/{MODEL}", async_client=True, hooks=both)
    assert isinstance(client, instructor.AsyncInstructor)
    with pytest.raises(ConfigurationError, match="did you mean 'openai'"):
        instructor.from_provider("opnai/gpt")
