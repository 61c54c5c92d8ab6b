"""`make fuzz`: runs a target on bytes that atheris finds, or hypothesis where there is no atheris.

A failure is printed with its bytes, which atheris writes into `.fuzz/found`, too.
"""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .targets import CORPUS, TARGETS

ROOT = CORPUS.parents[2]


def main() -> None:
    options = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    options.add_argument("target", choices=TARGETS, nargs="?")
    options.add_argument("--seconds", type=int, default=60)
    given_options = options.parse_args()
    name, seconds = given_options.target, given_options.seconds
    if name is None:
        raise SystemExit(f"say which: {', '.join(TARGETS)}")
    if find_spec("atheris"):
        _run_atheris(name, seconds)
    else:
        _run_hypothesis(name, seconds)


def _run_atheris(name: str, seconds: int) -> None:
    import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

    atheris.instrument_all()
    found = ROOT / ".fuzz" / "found" / name  # inputs that took new branches
    found.mkdir(parents=True, exist_ok=True)
    flags = ["-max_len=600", f"-max_total_time={seconds}", "-timeout=20"]
    flags += [f"-artifact_prefix={found.parent}/", str(found), str(CORPUS / name)]
    atheris.Setup([sys.argv[0], *flags], TARGETS[name])
    atheris.Fuzz()


def _run_hypothesis(name: str, seconds: int) -> None:
    seeds = [path.read_bytes() for path in sorted((CORPUS / name).glob("*"))]
    parts = st.one_of(st.binary(max_size=40), st.sampled_from(seeds or [b""]))
    run = given(st.lists(parts, max_size=6).map(b"".join))(TARGETS[name])
    checks = list(HealthCheck)
    settings(max_examples=seconds * 200, deadline=None, suppress_health_check=checks)(run)()


main()
