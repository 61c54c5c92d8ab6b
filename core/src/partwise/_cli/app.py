"""The command with its subcommands, and its exit codes for errors."""

from __future__ import annotations

import sys
import traceback
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import click

from partwise import ConfigurationError, PartwiseError, ProviderError, RetriesExhaustedError

from .asking import ask, demo
from .plugins import conformance, new_plugin
from .providers import providers
from .recordings import record, replay
from .schema import schema
from .stubs import stubs
from .types import look_here_last

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.metadata import EntryPoints

FAILED, UNUSABLE, VENDOR_FAILED, INTERRUPTED = 1, 2, 3, 130


class _Commands(click.Group):
    """The core's own commands, and those of other packages.

    An entry point of the group `partwise.commands` names a click command, which is loaded when it
    is used or listed.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_entry_points().names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        found = [each.load() for each in _entry_points().select(name=cmd_name)]
        return found[0] if found else None


def _entry_points() -> EntryPoints:
    return entry_points(group="partwise.commands")


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="partwise", message="partwise %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def partwise(*, debug: bool) -> None:
    """Typed snapshots of a language model's answer: look at providers, schemas and streams."""


for _command in (ask, demo, providers, schema, stubs, record, replay, new_plugin, conformance):
    partwise.add_command(_command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line, that of the process if none is given: the exit code."""
    look_here_last()
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = partwise.main(arguments, prog_name="partwise", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return UNUSABLE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
        if "--debug" in arguments:
            traceback.print_exc()
        elif not isinstance(error, (click.ClickException, PartwiseError)):
            raise
        click.echo(f"partwise: {_message(error, arguments)}", err=True)
        return _code(error)
    return code if isinstance(code, int) else 0


def _message(error: Exception, arguments: Sequence[str]) -> str:
    if isinstance(error, click.UsageError):
        asked = [each for each in arguments if each in partwise.commands][:1]
        command = " ".join(["partwise", *asked])
        return f"{_one_line(error.format_message())} See: {command} --help"
    if isinstance(error, click.ClickException):
        return _one_line(error.format_message())
    return f"{type(error).__name__}: {_one_line(str(error))}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _code(error: Exception) -> int:
    if isinstance(error, RetriesExhaustedError):
        return _code(error.errors[-1])
    if isinstance(error, (click.UsageError, ConfigurationError)):
        return UNUSABLE
    if isinstance(error, click.ClickException):
        return error.exit_code
    return VENDOR_FAILED if isinstance(error, ProviderError) else FAILED
