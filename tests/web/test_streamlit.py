"""The recipe for Streamlit, run by Streamlit's own test runner where it is installed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "docs" / "examples" / "streamlit_app.py"


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
def test_an_answer_in_a_page() -> None:
    testing = pytest.importorskip("streamlit.testing.v1", reason="pip install streamlit")
    app = testing.AppTest.from_file(str(APP), default_timeout=60).run()
    assert not app.exception
    assert json.loads(app.json[0].value) == {"name": "Ada", "age": 36}
    assert app.success[0].value == "Ada is 36"
