"""The fixtures that every test may use, and the option `--full`."""

from __future__ import annotations

import gc
import ssl
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest

from partwise._providers import left_out
from partwise._providers.json_schema import transform

if TYPE_CHECKING:
    from xdist.scheduler import LoadGroupScheduling

ROOT = Path(__file__).resolve().parents[1]

LARGE = 100_000
"""Bytes of a file of root certificates that is the system's or certifi's, and not a test's own."""

gc.disable()  # until the tests are collected: what is imported for them stays


_load_verify_locations = ssl.SSLContext.load_verify_locations


@cache
def _first_root(cafile: str) -> str:
    end = "-----END CERTIFICATE-----\n"
    text = Path(cafile).read_text(encoding="utf-8")
    return text[text.index("-----BEGIN CERTIFICATE-----") : text.index(end) + len(end)]


def _load_first_root(
    self: ssl.SSLContext, cafile: Any = None, capath: Any = None, cadata: Any = None
) -> None:
    """One of the well-known roots is loaded, as no test needs any.

    To load all takes 20 ms for each client that an SDK makes: a fifth of all the processor's time.
    """
    if isinstance(cafile, str) and cadata is None and Path(cafile).stat().st_size > LARGE:
        cafile, cadata = None, _first_root(cafile)
    _load_verify_locations(self, cafile, capath, cadata)


ssl.SSLContext.load_verify_locations = _load_first_root  # type: ignore[method-assign]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the tests marked `full` as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what `make test-all` alone runs, unless all is wanted or a test is named by its id.

    That is the tests marked `full`, and most of those marked `sampled`. The groups that one worker
    runs by itself come first, so that no other has to wait for it at the end.
    """
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
    if config.getoption("--full") or any("::" in argument for argument in config.args):
        return
    left_out = {item for item in items if item.get_closest_marker("full")} | _not_chosen(items)
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collections of garbage that tests ask for pass it over."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)  # pytest-xdist may be missing
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadGroupScheduling | None:
    """Hand out the tests function by function."""
    if config.getoption("dist") != "loadgroup":
        return None
    from .scheduling import FunctionScheduling  # it imports xdist

    config.option.loadscopereorder = False
    return FunctionScheduling(config, log)


def _not_chosen(items: list[pytest.Item]) -> set[pytest.Item]:
    """Of the tests marked `sampled`, those that are not chosen: the same ones at each run."""
    groups: dict[str, list[pytest.Item]] = defaultdict(list)
    left_out = set()
    for item in items:
        mark = item.get_closest_marker("sampled")
        if mark is not None and mark.args:
            if crc32(item.nodeid.encode()) % mark.args[0]:
                left_out.add(item)
        elif mark is not None:
            groups[item.nodeid.rpartition("-")[0]].append(item)
    for key, group in groups.items():
        chosen = group[crc32(key.encode()) % len(group)]
        left_out |= set(group) - {chosen}
    return left_out


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio: the vendors' SDKs and the replay server do."""
    return "asyncio"


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout's folder."""
    return ROOT


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of real streams, which lies beside the checkout where there is one."""
    folder = ROOT.parent / "shared" / "recordings"
    if not folder.is_dir():
        pytest.skip(f"no recorded streams at {folder}")
    return folder


@pytest.fixture(autouse=True)
def _logged_anew() -> None:
    """Schemas' fallbacks and options left out are logged once in a process; here once in a test."""
    transform._warn_of_fallback.cache_clear()
    left_out.warn_once.cache_clear()
