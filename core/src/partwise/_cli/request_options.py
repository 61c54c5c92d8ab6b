"""The model and the options of the commands that send a request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Final

import click

from partwise import Mode, from_provider

from .types import response_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from partwise import Client

MODES: Final = click.Choice([mode.value for mode in Mode])

schema_option = partial(click.option, "--schema", type=response_model, metavar="MODULE:NAME")
base_url_option = click.option(
    "--base-url", metavar="URL", help="Where to ask, in place of the vendor's address."
)


def name_and_value(text: str) -> tuple[str, Any]:
    """The parts of `NAME=VALUE`: the value as JSON if it is valid JSON, else as text.

    Raises:
        click.BadParameter: there is no `=`.
    """
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise click.BadParameter(f"{text!r} is not an option: write NAME=VALUE.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


@dataclass(frozen=True)
class RequestOptions:
    """The model to ask, the type of its answer, and the request's options.

    Attributes:
        model: the provider's name, a slash, and the vendor's name of the model.
        schema: the type of the answer.
        options: keywords for the vendor.
    """

    model: str
    schema: Any
    system: str | None
    mode: str | None
    base_url: str | None
    options: dict[str, Any]

    def client(self, prefix: str = "", **keywords: Any) -> Client:
        """The model's client. `prefix` is that of a provider around it, such as `record/`."""
        model = prefix + self.model
        client: Client = from_provider(model, mode=self.mode, base_url=self.base_url, **keywords)
        return client

    def messages(self, question: str) -> list[dict[str, str]]:
        """The conversation of a request: the instructions, if any, and the question."""
        instructions = [{"role": "system", "content": self.system}] if self.system else []
        return [*instructions, {"role": "user", "content": question}]


_PARAMETERS: Final = (
    click.argument("model", metavar="NAME/MODEL"),
    schema_option(required=True, help="The type of the answer."),
    click.option("--system", metavar="TEXT", help="Instructions for the model."),
    click.option("--mode", type=MODES, help="How to ask."),
    base_url_option,
    click.option(
        "--set",
        "options",
        type=name_and_value,
        multiple=True,
        metavar="NAME=VALUE",
        help="An option for the vendor.",
    ),
)


def request_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the parameters of a request, as a `RequestOptions` before its own."""

    @wraps(command)
    def with_request(options: tuple[tuple[str, Any], ...], **given: Any) -> None:
        names = ("model", "schema", "system", "mode", "base_url")
        own = {name: given.pop(name) for name in names}
        command(RequestOptions(**own, options=dict(options)), **given)

    for parameter in reversed(_PARAMETERS):
        parameter(with_request)
    return with_request
