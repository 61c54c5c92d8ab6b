"""Run by the Python of an empty environment: what a user does first, with the wheels alone."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points, version
from pathlib import Path

from pydantic import BaseModel

import partwise
import partwise.rich
import partwise_conformance
from partwise_conformance import ReplayServer, chat_answer

TEXT = '{"name":"Ada Lovelace","age":36}'


class User(BaseModel):
    name: str
    age: int


def main() -> None:
    checkout = Path(sys.argv[1])
    assert not any(Path(entry).is_relative_to(checkout) for entry in sys.path)
    for module in (partwise, partwise_conformance):
        assert Path(str(module.__file__)).is_relative_to(sys.prefix)
    assert entry_points(group="partwise").names >= {
        "openai",
        "anthropic",
        "google",
        "mistral",
        "bedrock",
        "fake",
    }

    assert partwise.__version__ == version("partwise") == version("partwise-conformance")

    ada = User(name="Ada Lovelace", age=36)
    assert partwise.parse(User, [TEXT[:9], TEXT[9:]]).result() == ada
    with ReplayServer(chat_answer(TEXT)) as server:
        client = partwise.from_provider("openai/m", base_url=f"{server.url}/v1", api_key="any")
        stream = client.create_partial(
            response_model=User, messages=[{"role": "user", "content": "Who?"}]
        )
        snapshots = list(stream)
    assert "Ada" in [snapshot.name for snapshot in snapshots]
    assert snapshots[-1] == ada
    with partwise.from_provider("fake/random") as fake:
        (*_, invented) = fake.create_partial(
            response_model=User, messages=[{"role": "user", "content": "Who?"}]
        )
    assert type(invented) is User
    print(len(snapshots), "snapshots")  # noqa: T201


if __name__ == "__main__":
    main()
