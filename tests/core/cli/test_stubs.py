"""`partwise stubs`: the files that it writes, and the checks of them."""

from __future__ import annotations

import ast
import importlib
import sys
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

import partwise

if TYPE_CHECKING:
    from pathlib import Path

MEETING = """
from __future__ import annotations

from enum import Enum
from typing import Annotated, Optional

from pydantic import BaseModel, Field, RootModel


class Mood(Enum):
    GOOD = "good"


class Person(BaseModel):
    name: str
    mood: Mood | None = None
    nicks: list[str] = Field(default_factory=list, alias="nickNames")


class Host(Person):
    since: int


class Venue(BaseModel):
    city: str
    parent: Optional["Venue"] = None


class People(RootModel[list[Person]]):
    pass


class Meeting(BaseModel):
    title: str = "untitled"
    host: Host
    venue: Venue
    people: People
    guests: Annotated[list[Person], Field(max_length=5)]
    by_name: dict[str, Person]
    size: Annotated[int, Field(ge=0)]
"""
TEXT = (
    '{"size": 3, "host": {"name": "Jo", "since": 1}, "people": [{"name": "A"}], "venue": '
    '{"city": "C", "parent": {"city": "D"}}, "guests": [{"name": "B", "mood": "good"}], '
    '"by_name": {"B": {"name": "B", "nickNames": ["b"]}}, "title": "T"}'
)


@pytest.fixture
def meeting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, whose name is forgotten afterwards."""
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    (folder / "meeting.py").write_text(MEETING)
    (folder / "other.py").write_text(
        "from meeting import Meeting\nfrom pydantic import BaseModel\n"
    )
    yield folder
    for name in ("meeting", "other"):
        sys.modules.pop(name, None)


def test_a_snapshot_has_none_only_if_its_type_has(cli: Any, meeting: Path) -> None:
    assert cli("stubs", "meeting.py").code == 0
    types = {
        (node.name.removeprefix("Partial"), item.name): ast.unparse(item.returns)
        for node in ast.parse((meeting / "meeting.pyi").read_text()).body
        if isinstance(node, ast.ClassDef) and node.name.startswith("Partial")
        for item in node.body
        if isinstance(item, ast.FunctionDef) and item.returns
    }
    models = importlib.import_module("meeting")
    seen: set[tuple[str, str]] = set()

    def look(value: Any) -> None:
        if isinstance(value, dict | list):
            for each in value.values() if isinstance(value, dict) else value:
                look(each)
        if not isinstance(value, BaseModel):
            return
        own = type(value).__name__.removeprefix("Partial")
        for name in type(value).model_fields:
            part = getattr(value, name)
            annotation = types.get((own, name))
            if annotation is not None and part is None and not partwise.is_complete(value):
                assert "None" in annotation or "Optional" in annotation, (own, name)
                seen.add((own, name))
            look(part)

    stream = partwise.parse(models.Meeting, iter(TEXT))
    for snapshot in stream:
        look(snapshot)
    look(stream.result())
    assert {("Meeting", "size"), ("Person", "name"), ("Venue", "city")} <= seen


def test_what_it_writes(cli: Any, meeting: Path) -> None:
    assert cli("stubs", "meeting.py").out == ""
    text = (meeting / "meeting.pyi").read_text()
    for line in (
        "# Written by `partwise stubs`: change meeting.py and run it again.",
        "class PartialHost(PartialPerson):",
        "class Host(PartialHost, Person):",
        "    def __partial__(cls) -> PartialMeeting: ...",
        "    def __final__(cls) -> Meeting: ...",
        "    def title(self) -> str: ...",
        "    def host(self) -> PartialHost: ...",
        "    def people(self) -> PartialPeople | None: ...",
        "    def guests(self) -> _Sequence[PartialPerson] | None: ...",
        "    def by_name(self) -> _Mapping[str, PartialPerson] | None: ...",
        "    def parent(self) -> Optional[PartialVenue]: ...",
        "    nicks: list[str] = Field(default_factory=list, alias='nickNames')",
        "    GOOD = 'good'",
    ):
        assert line in text.splitlines(), line


def test_check(cli: Any, meeting: Path) -> None:
    missing = cli("stubs", "--check", "meeting.py")
    assert missing.code == 1
    assert missing.err == "not up to date; run: partwise stubs meeting.py\n"
    assert not (meeting / "meeting.pyi").exists()
    cli("stubs", "meeting.py")
    same = cli("stubs", "--check", "meeting.py")
    assert (same.code, same.out, same.err) == (0, "", "")
    stub = meeting / "meeting.pyi"
    stub.write_text(
        stub.read_text().replace("def size(self) -> int | None", "def size(self) -> int")
    )
    stale = cli("stubs", "--check", "meeting.py")
    assert stale.code == 1
    assert "-    def size(self) -> int: ...\n+    def size(self) -> int | None: ...\n" in stale.out


def test_models_of_other_modules(cli: Any, meeting: Path) -> None:
    other = meeting / "other.py"
    other.write_text(
        other.read_text() + "\n\nclass Year(BaseModel):\n    meetings: list[Meeting]\n"
    )
    alone = cli("stubs", "other.py")
    assert alone.err == (
        "other.py: Meeting has no partial type; write the stub of meeting, too, to have it\n"
    )
    assert "def meetings(self) -> list[Meeting] | None" in (meeting / "other.pyi").read_text()
    both = cli("stubs", "other.py", "meeting.py")
    assert both.err == ""
    text = (meeting / "other.pyi").read_text()
    assert "from meeting import PartialMeeting\n" in text
    assert "def meetings(self) -> _Sequence[PartialMeeting] | None" in text
    assert cli("stubs", "other.py").err == ""  # the stub is there


def test_a_module_of_a_package(cli: Any, folder: Path) -> None:
    package = folder / "stubbed_package" / "inner"
    package.mkdir(parents=True)
    for each in (package, package.parent):
        (each / "__init__.py").write_text("")
    (package / "things.py").write_text(
        "from . import __name__ as package\nfrom pydantic import BaseModel\n\n\n"
        "class Thing(BaseModel):\n    name: str\n"
    )
    assert cli("stubs", "stubbed_package/inner/things.py").code == 0
    assert "class PartialThing(BaseModel)" in (package / "things.pyi").read_text()


def test_files_that_can_t_be_imported(cli: Any, folder: Path) -> None:
    (folder / "json.py").write_text("")
    assert "can't be imported: 'json' is" in cli("stubs", "json.py").error
    (folder / "stubs_broken.py").write_text("import nothing_of_the_kind\n")
    assert "importing stubs_broken.py as 'stubs_broken' raised ModuleNotFoundError" in (
        cli("stubs", "stubs_broken.py").error
    )
    assert "does not exist" in cli("stubs", "nowhere.py").error


def test_declarations_of_all_kinds(cli: Any, folder: Path) -> None:
    (folder / "stub_kinds.py").write_text("""\
__all__ = ["a"]
__all__ += ["b"]
import sys
try:
    import tomllib
except ImportError:
    pass
if sys.version_info >= (3, 11):
    a = 1
else:
    def a(): return 2
for b in "xyz":
    pass
with open(sys.executable) as c:
    pass
print("x")
class Plain:
    one = 1
    def __init__(self, size: int):
        self.size = size
        self.other: str = "x"
        self.third = len("x")
    async def wait(self):
        return 1
    def walk(self):
        def inner():
            return 1
        yield 1
    def nothing(self):
        def inner():
            return 1
if __name__ == "__main__":
    print("x")
""")
    assert cli("stubs", "stub_kinds.py").code == 0
    text = (folder / "stub_kinds.pyi").read_text()
    assert (
        text.partition("as _Any\n")[2]
        == """\
__all__ = ['a']
__all__ += ['b']
import sys
try:
    import tomllib
except ImportError:
    pass
if sys.version_info >= (3, 11):
    a = 1
else:

    def a(): ...
b: str
c: _Any
class Plain:
    size: int
    other: str
    third: _Any
    one = 1

    def __init__(self, size: int) -> None: ...

    async def wait(self): ...

    def walk(self): ...

    def nothing(self) -> None: ...
"""
    )
