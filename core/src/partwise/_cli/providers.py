"""`partwise providers`: the installed providers, and whether they can be used."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from partwise import installed_providers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from partwise import ProviderInfo

_COLORS: Final = {"ready": "green", "shadowed": "yellow"}
_HEAD: Final = ("PROVIDER", "DISTRIBUTION", "VERSION", "STATE")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array of objects.")
def providers(*, as_json: bool) -> None:
    """List every provider that is installed, usable or not.

    The state is `ready`; `shadowed`, if a plugin of that very name is used instead; `conflict`, if
    several claim the name; or `broken`. The reasons are below.
    """
    found = installed_providers()
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
    elif found:
        _print(found)
    else:
        click.echo("no provider is installed; the first: pip install 'partwise[openai]'", err=True)


def _print(found: list[ProviderInfo]) -> None:
    rows = [(each.name, each.distribution or "-", each.version or "-") for each in found]
    widths = [max(map(len, column)) for column in zip(_HEAD[:3], *rows, strict=True)]
    click.echo(f"{_aligned(_HEAD[:3], widths)}  {_HEAD[3]}")
    for each, row in zip(found, rows, strict=True):
        state = click.style(each.state, fg=_COLORS.get(each.state, "red"))
        click.echo(f"{_aligned(row, widths)}  {state}")
    for each in found:
        if each.detail:
            click.echo(f"{each.name}: {each.detail}", err=True)


def _aligned(cells: Iterable[str], widths: Iterable[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
