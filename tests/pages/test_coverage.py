"""The pages name all that is public: errors, settings, hooks, and each name in the reference."""

from __future__ import annotations

import importlib
import inspect
import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import get_args

import pytest

import partwise
from partwise._client.keywords import CallKeywords, VendorKeywords
from partwise._providers.hookspecs import HookName
from partwise._session.retry import DEFAULT_RETRIES

from .test_site import build

DOCS = Path(__file__).resolve().parents[2] / "docs"
FACES = (
    "partwise",
    "partwise.provider",
    "partwise.rich",
    "partwise.otel",
    "partwise.notebook",
    "partwise.instructor",
    "partwise_web",
    "partwise_web.log",
    "partwise_bulk",
    "partwise_replay",
    "partwise_fake",
    "partwise_conformance",
)


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def sections(text: str) -> dict[str, str]:
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names on the reference, as the site has it."""
    out = tmp_path_factory.mktemp("docs")
    build.stage(out)
    return {
        name
        for file in (out / "pages" / "reference").glob("*.md")
        for name in re.findall(r"^::: (\S+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    }


@pytest.mark.parametrize("face", FACES)
def test_each_public_name_is_on_the_reference(face: str, named: set[str]) -> None:
    module = importlib.import_module(face)
    names = getattr(module, "__all__", None) or ["instrument", "uninstrument"]  # of otel
    again = {name for name in names if f"partwise.{name}" in named}  # given once more

    missing = [n for n in names if f"{face}.{n}" not in named and n not in again]

    assert missing == []


def test_the_reference_names_only_what_there_is(named: set[str]) -> None:
    for name in named - {"partwise_bulk.daft"}:  # which needs daft
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), name


def test_a_public_name_that_no_page_has_is_added(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("::: partwise.parse\n\n<!-- others of: partwise -->\n")
    build.complete_reference(tmp_path)
    text = (tmp_path / "page.md").read_text()
    assert text.count("::: partwise.parse\n") == 1
    assert "## Others\n\n::: partwise.AsyncClient" in text


def errors() -> list[type[partwise.PartwiseError]]:
    found = [getattr(partwise, name) for name in partwise.__all__]
    root = partwise.PartwiseError
    return [each for each in found if inspect.isclass(each) and issubclass(each, root)]


def test_each_error_has_its_section_with_advice() -> None:
    found = sections(page("errors.md"))
    assert len(errors()) > 20
    assert [each.__name__ for each in errors() if each.__name__ not in found] == []
    kinds = {"PartwiseError", "ProviderError", "OutputError"}
    leaves = [each.__name__ for each in errors() if each.__name__ not in kinds]
    assert [name for name in leaves if "**When**" not in found[name]] == []
    assert [name for name in leaves if "**Remedy**" not in found[name]] == []


def test_the_tree_of_errors_is_partwise_s() -> None:
    fence = re.search(r"```text\n(PartwiseError\n.*?)```", page("errors.md"), re.DOTALL)
    assert fence
    stack: list[tuple[int, str]] = []
    parents = {}
    for line in fence[1].splitlines():
        match = re.search(r"[A-Z]\w+", line)
        assert match
        stack = [each for each in stack if each[0] < match.start()]
        parents[match[0]] = stack[-1][1] if stack else "Exception"
        stack.append((match.start(), match[0]))

    assert parents == {each.__name__: each.__bases__[0].__name__ for each in errors()}


def rows(section: str) -> dict[str, str]:
    """The first two cells of each row."""
    return dict(re.findall(r"^\| `(\w+)`(?:, `\w+`)* \| ([^|]*?) \|", section, re.MULTILINE))


def test_each_setting_is_on_its_page_with_its_default() -> None:
    told = rows(sections(page("settings.md"))["Of a call"])
    own = CallKeywords.__annotations__.keys() - VendorKeywords.__annotations__.keys()
    assert own - {"validation_context"} <= told.keys()
    for setting in fields(partwise.Settings):
        assert setting.name in told
        default = DEFAULT_RETRIES if setting.name == "max_retries" else setting.default
        if default is not MISSING:
            text = f'"{default}"' if isinstance(default, str) else f"{default}"
            assert told[setting.name].strip("`") == text, setting.name


def test_each_keyword_of_from_provider_is_on_the_page() -> None:
    told = rows(sections(page("settings.md"))["Of a client"])
    named = inspect.signature(partwise.from_provider).parameters.values()
    for parameter in named:
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            assert parameter.name in told, parameter.name


def test_the_limits_have_their_defaults() -> None:
    told = rows(sections(page("settings.md"))["Limits"])
    assert {name: value.replace(",", "") for name, value in told.items()} == {
        limit.name: f"{limit.default}" for limit in fields(partwise.Limits)
    }


def test_each_hook_is_on_its_page() -> None:
    told = re.findall(r"^\| `([\w:]+)` \|", page("hooks.md"), re.MULTILINE)
    assert sorted(name for name in told if ":" in name) == sorted(get_args(HookName))


def test_each_mode_is_on_its_page() -> None:
    told = re.findall(r'^\| `"(\w+)"` \|', page("providers.md"), re.MULTILINE)
    assert sorted(told) == sorted(partwise.Mode)
