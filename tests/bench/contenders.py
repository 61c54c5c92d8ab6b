"""What is measured side by side: partwise, its peers, and the bare parser beneath some of them.

Each is read as its documentation says, from the same pieces of text. What a vendor's response
would be wrapped in is made beforehand, so that only the work of reading is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from .documents import Reply

Read: TypeAlias = Callable[[Iterator[Any]], Iterable[object]]
"""Reads events, and gives what is shown after each."""


@dataclass(frozen=True)
class Reader:
    """How a contender is run.

    Attributes:
        read: reads an answer.
        event: what `read` takes in the place of a piece of text.
        whole: whether it is always measured over a whole text. What re-reads the text at each
            delta can be measured at some places of it, if that would take too long.
    """

    read: Read
    event: Callable[[str], Any] = str
    whole: bool = False


@dataclass(frozen=True)
class Contender:
    """Something that is measured.

    Attributes:
        name: as it stands in the table.
        venv: the folder below `.bench` of the environment that has it.
        package: the distribution whose version is told.
        gives: what it shows of an answer that is being written.
        load: imports it. What fails here is told in the table.
    """

    name: str
    venv: str
    package: str
    gives: str
    load: Callable[[], Reader]


def _partwise() -> Reader:
    from partwise import parse

    return Reader(lambda pieces: parse(Reply, pieces), whole=True)


def _partwise_value() -> Reader:
    from partwise import parse

    return Reader(lambda pieces: (parse(Reply, pieces).result(),), whole=True)


def _builder() -> Reader:
    from partwise._plan.plan import compile_plan
    from partwise._snapshot.builder import SnapshotBuilder

    plan = compile_plan(Reply)

    def read(pieces: Iterator[str]) -> Iterator[object]:
        builder = SnapshotBuilder(plan)
        for piece in pieces:
            builder.feed(piece)
            yield builder.snapshot()
        yield builder.close()

    return Reader(read, whole=True)


def _instructor() -> Reader:
    from instructor.dsl.partial import Partial  # type: ignore[import-not-found,unused-ignore]

    return Reader(Partial[Reply].model_from_chunks)


def _langchain() -> Reader:
    from langchain_core.output_parsers import (  # type: ignore[import-not-found,unused-ignore]
        JsonOutputParser,
    )

    return Reader(JsonOutputParser().transform)


def _openai() -> Reader:
    from openai.lib.streaming.chat import ChatCompletionStreamState
    from openai.types.chat import ChatCompletionChunk

    def event(piece: str) -> ChatCompletionChunk:
        choice = {"index": 0, "delta": {"role": "assistant", "content": piece}}
        return ChatCompletionChunk.model_validate(
            {
                "id": "1",
                "object": "chat.completion.chunk",
                "created": 0,
                "model": "gpt-4.1-mini",
                "choices": [{**choice, "finish_reason": None}],
            }
        )

    def read(chunks: Iterator[ChatCompletionChunk]) -> Iterator[object]:
        state = ChatCompletionStreamState(response_format=Reply)
        for chunk in chunks:
            state.handle_chunk(chunk)
            yield state.current_completion_snapshot.choices[0].message.parsed

    return Reader(read, event)


def _jiter() -> Reader:
    from jiter import from_json

    def read(pieces: Iterator[str]) -> Iterator[object]:
        data = b""
        for piece in pieces:
            data += piece.encode()
            yield from_json(data, partial_mode="trailing-strings")

    return Reader(read)


_BAML = """
class User { name string  email string  age int  bio string }
class Reply { users User[] }
client<llm> Nobody { provider openai  options { model "none"  api_key "none" } }
function Read() -> Reply { client Nobody  prompt #"{{ ctx.output_format }}"# }
"""


def _baml() -> Reader:
    from types import ModuleType

    from baml_py import BamlRuntime  # type: ignore[import-not-found,unused-ignore]
    from pydantic import BaseModel, create_model

    # What BAML would generate: the same classes with every field optional.
    fields: Any = dict.fromkeys(("name", "email", "age", "bio"), (Any, None))
    user = create_model("User", **fields)
    reply = create_model("Reply", users=(list[user], []))  # type: ignore[valid-type]
    classes = ModuleType("classes")
    vars(classes).update(User=user, Reply=reply)
    runtime = BamlRuntime.from_files(
        "baml_src", {"baml_src/reply.baml": _BAML.replace("  ", "\n")}, {}
    )
    context = runtime.create_context_manager()

    def read(pieces: Iterator[str]) -> Iterator[BaseModel]:
        text = ""
        for piece in pieces:
            text += piece
            yield runtime.parse_llm_response(
                "Read",
                text,
                classes,
                classes,
                classes,
                True,
                context,
                None,
                None,
                {},
            )

    return Reader(read)


OURS = "partwise"
BUILDER = "partwise's builder alone"
BARE = "jiter, re-parsing"
INSTRUCTOR = "Instructor"

CONTENDERS = {
    contender.name: contender
    for contender in (
        Contender(OURS, "partwise", "partwise", "model instances", _partwise),
        Contender(BUILDER, "partwise", "partwise", "model instances", _builder),
        Contender(
            "partwise, value only", "partwise", "partwise", "the final value", _partwise_value
        ),
        Contender(INSTRUCTOR, "instructor", "instructor", "model instances", _instructor),
        Contender("LangChain", "peers", "langchain-core", "dicts", _langchain),
        Contender("BAML", "baml", "baml-py", "model instances", _baml),
        Contender("openai's helper", "peers", "openai", "dicts", _openai),
        Contender(BARE, "peers", "jiter", "dicts", _jiter),
    )
}
