"""Run by the Python of an empty environment: asks one provider for a user, and prints who answered.

Its arguments are the provider and model, a server's address, and folders with further plugins.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import distributions

from pydantic import BaseModel

import partwise


class User(BaseModel):
    name: str
    age: int


def main() -> None:
    model, address, *folders = sys.argv[1:]
    sys.path[:0] = folders
    os.environ["AWS_DEFAULT_REGION"] = "eu-west-1"
    try:
        client = partwise.from_provider(model, base_url=address, api_key="any")
    except partwise.ProviderNotFoundError as error:
        print(error)  # noqa: T201
        return
    question = [{"role": "user", "content": "Who?"}]
    with client:
        *shown, last = client.create_partial(response_model=User, messages=question)
    assert len(shown) > 1
    assert last == User(name="Ada Lovelace", age=36)
    installed = sorted({each.name for each in distributions() if each.name.startswith("partwise")})
    answered = type(client._calls.provider).__module__.partition(".")[0]
    print(answered, "of", *installed)  # noqa: T201


if __name__ == "__main__":
    main()
