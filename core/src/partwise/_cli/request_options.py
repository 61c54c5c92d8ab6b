"""The model and the options of the commands that send a request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import click

from partwise import Mode, from_provider

from .types import ResponseModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from partwise import Client

MODES: Final = click.Choice([mode.value for mode in Mode])

base_url_option = click.option(
    "--base-url", metavar="URL", help="Where to ask, in place of the vendor's address."
)


class Option(click.ParamType[tuple[str, Any]]):
    """`NAME=VALUE`: the value as JSON if it is valid JSON, else as text."""

    name = "NAME=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        """The name and the value.

        Raises:
            click.BadParameter: there is no `=`.
        """
        name, equals, text = value.partition("=")
        if not (name and equals):
            self.fail(f"{value!r} is not an option: write NAME=VALUE.", param, ctx)
        try:
            return name, json.loads(text)
        except ValueError:
            return name, text


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
    click.option("--schema", type=ResponseModel(), required=True, help="The type of the answer."),
    click.option("--system", metavar="TEXT", help="Instructions for the model."),
    click.option("--mode", type=MODES, help="How to ask."),
    base_url_option,
    click.option(
        "--set", "options", type=Option(), multiple=True, help="An option for the vendor."
    ),
)


def request_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the parameters of a request, as a `RequestOptions` before its own."""

    @wraps(command)
    def with_request(  # noqa: PLR0913 - an option each
        *,
        model: str,
        schema: Any,
        system: str | None,
        mode: str | None,
        base_url: str | None,
        options: tuple[tuple[str, Any], ...],
        **own: Any,
    ) -> None:
        command(RequestOptions(model, schema, system, mode, base_url, dict(options)), **own)

    for parameter in reversed(_PARAMETERS):
        parameter(with_request)
    return with_request
