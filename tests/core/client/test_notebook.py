"""A notebook, executed without a browser: an output that the stream updates."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from pydantic import BaseModel, Field, field_serializer

import partwise

CODE = """
import partwise
from partwise.notebook import show
from pydantic import BaseModel

class User(BaseModel):
    name: str
    age: int

user = show(partwise.parse(User, ['{"name": "A', 'da", ', '"age": 36}']), throttle=0)
"""


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
def test_a_cell_s_output_follows_the_stream() -> None:
    import nbformat
    from nbclient import NotebookClient

    v4: Any = nbformat.v4
    notebook = v4.new_notebook(cells=[v4.new_code_cell(CODE), v4.new_code_cell("user.age")])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    show, age = notebook.cells
    (output,) = show.outputs
    assert output.data["application/json"] == {"name": "Ada", "age": 36}
    assert "Ada" in output.data["text/html"]
    assert age.outputs[0].data["text/plain"] == "36"


def test_a_stream_shows_itself() -> None:
    stream = partwise.parse(dict[str, Any], ['{"a": {"b": "<x>"', "}}"])
    assert repr(stream) == "<PartialStream of text: waiting, attempt 1>"
    next(stream)
    bundle = stream._repr_mimebundle_()
    assert bundle["application/json"] == {"a": {"b": "<x>"}}
    assert "&lt;x&gt;" in bundle["text/html"]
    assert repr(stream) == "<PartialStream of text: writing, attempt 1>"
    stream.result()
    assert repr(stream) == "<PartialStream of text: complete, attempt 1>"
    stream = partwise.parse(dict[str, Any], ['{"a": 1'])
    with pytest.raises(partwise.IncompleteOutputError):
        stream.result()
    assert repr(stream) == "<PartialStream of text: failed, attempt 1>"


def test_a_stream_s_tokens(play: Any, kit: Any) -> None:
    outcome = play(
        [*kit.text('{"name": "Ada", "age": 36}'), partwise.Usage(10, 20)], mode="json_schema"
    )
    assert repr(outcome.stream).endswith("of scripted/model: complete, attempt 1, 20 tokens>")


class Point(BaseModel):
    x: int
    label: str = Field(alias="a/b")


@dataclasses.dataclass
class Pair:
    left: Point
    right: str


class Drawn(BaseModel):
    name: str
    age: int

    def _repr_html_(self) -> str:
        return "<b>mine</b>"


class Unwritable(BaseModel):
    held: Any

    @field_serializer("held")
    def write(self, held: Any) -> Any:
        return object()


def snapshots_of(response_type: Any, text: str) -> Any:
    return next(partwise.parse(response_type, [text, "}"]))


def test_a_snapshot_shows_itself() -> None:
    snapshot = snapshots_of(Point, '{"x": 1, "a/b": "<i>')
    assert type(snapshot).__name__ == "PartialPoint"
    bundle = snapshot._repr_mimebundle_(include=None, exclude=None)
    assert bundle["text/plain"] == repr(snapshot)
    assert bundle["application/json"] == {"x": 1, "label": "<i>"}
    assert "PartialPoint" in bundle["text/html"]
    assert "&lt;i&gt;" in bundle["text/html"]
    assert "opacity:.4" not in bundle["text/html"]


@pytest.mark.parametrize("response_type", [dict[str, Point], dict[str, Any]])
def test_what_is_missing_is_dim(response_type: Any) -> None:
    stream = partwise.parse(response_type, ['{"k/1": {"x": 1', "}}"])
    next(stream)
    html = stream._repr_mimebundle_()["text/html"]
    assert ("opacity:.4" in html) == (response_type == dict[str, Point])


def test_a_dataclass_s_snapshot_shows_itself() -> None:
    snapshot = snapshots_of(Pair, '{"left": {"x": 1, "a/b": ""}, "right": "ab')
    bundle = snapshot._repr_mimebundle_()
    assert bundle["application/json"]["right"] == "ab"
    assert bundle["text/plain"] == repr(snapshot)


def test_a_model_that_shows_itself_keeps_its_own_form() -> None:
    snapshot = snapshots_of(Drawn, '{"name": "Ad')
    assert snapshot._repr_html_() == "<b>mine</b>"
    assert not hasattr(snapshot, "_repr_mimebundle_")


def test_a_snapshot_that_can_t_be_written_shows_its_repr() -> None:
    snapshot = snapshots_of(Unwritable, '{"held": [1, 2')
    assert snapshot._repr_mimebundle_() == {"text/plain": repr(snapshot)}


def test_a_finished_model_is_the_user_s_own() -> None:
    finished = partwise.parse(Point, ['{"x": 1, "a/b": "c"}']).result()
    assert type(finished) is Point
    assert "_repr_mimebundle_" not in dir(Point)
