"""A notebook, executed without a browser: an output that the stream updates."""

from __future__ import annotations

from typing import Any

import pytest

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
