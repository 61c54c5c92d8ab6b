"""The recipe for Streamlit, run by Streamlit's own test runner in an environment of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ..workspace.conftest import uv, uv_command  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from pathlib import Path

    from ..workspace.conftest import Uv

RUN = """
import json, sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file(sys.argv[1], default_timeout=60).run()
assert not app.exception, app.exception
print(json.dumps([json.loads(app.json[0].value), app.success[0].value]))
"""


@pytest.mark.full
def test_an_answer_in_a_page(root: Path, tmp_path: Path, uv: Uv) -> None:  # noqa: F811
    home = tmp_path / "venv"
    uv("venv", "--no-project", "--python", sys.executable, home)
    python = home / "bin" / "python"
    uv("pip", "install", "--python", python, root / "core", "streamlit>=1.40")
    app = root / "docs" / "examples" / "streamlit_app.py"
    done = subprocess.run(
        [python, "-c", RUN, app], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [{"name": "Ada", "age": 36}, "Ada is 36"]
