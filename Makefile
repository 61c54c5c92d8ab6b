# `make demo` and `make test` set up all they need: on a machine with Python 3.11 or newer, pip and
# make, nothing else has to be installed or typed first.

MODEL =
PY = 3.13
TESTS = tests

# The first of these that runs and is new enough: a version manager's shim may exist and not run.
PYTHON := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys, pip; sys.version_info >= (3, 11) or sys.exit(1); print(sys.executable)' \
		2>/dev/null && break; done)

# Set in many a container, it makes each of the hundreds of processes that the tests start compile
# all that it imports: half of the suite's time.
unexport PYTHONDONTWRITEBYTECODE

UV = .uv/bin/uv
READY = .venv/.ready
RUN = .venv/bin/
# On a server of continuous integration nothing is left out.
ALL_TESTS := $(CI)
# Three workers for two cores, as many a test waits.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) \* 3 / 2)
PYTEST = pytest -q -n $(WORKERS) --dist loadgroup $(if $(ALL_TESTS),--full)
MANIFESTS = pyproject.toml $(wildcard core/pyproject.toml plugins/*/pyproject.toml conformance/pyproject.toml)

PYRIGHT_READS := $(shell find core/src plugins/*/src conformance/src tests/core/typing -name "*.py*" -not -path "*/__pycache__*")

BENCHES = partwise instructor peers baml
BENCH_partwise = -e core $(patsubst %/,-e %,$(wildcard plugins/*/)) -e conformance matplotlib
BENCH_instructor = instructor
BENCH_peers = langchain-core openai jiter
BENCH_baml = baml-py pydantic

# What of llama.cpp is not needed is left out, and the compiler is not to take pains.
ENGINE = 0.3.36
ENGINE_OFF = BUILD_SHARED_LIBS GGML_LLAMAFILE GGML_OPENMP LLAMA_BUILD_APP LLAMA_BUILD_EXAMPLES \
	LLAMA_BUILD_TESTS LLAMA_BUILD_UI LLAMA_OPENSSL LLAMA_USE_PREBUILT_UI
ENGINE_FAST = CMAKE_C_FLAGS_RELEASE CMAKE_CXX_FLAGS_RELEASE

.DEFAULT_GOAL := help
.PHONY: help setup demo web test test-all lint types unit format coverage mutants fuzz bench load soak test-lowest test-py engine version dist docs clean

help:  ## show these targets
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: $(READY)  ## make .venv, with every package of the workspace installed in it

demo: $(READY)  ## watch an answer fill in; MODEL=openai/gpt-4.1-mini asks the real one
	@$(RUN)python docs/examples/demo.py $(MODEL)

web: $(READY)  ## the demo as a page, on http://127.0.0.1:8765; MODEL=openai/gpt-4.1-mini asks the real one
	@$(RUN)python docs/examples/web/server.py $(MODEL)

test: $(READY)  ## lint, types, and the tests but the few slow ones; where CI is set: test-all
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target lint types unit

test-all: $(READY)  ## lint, types, all tests, and every branch of the core's layers without I/O
	@$(MAKE) --no-print-directory test ALL_TESTS=1

lint: $(READY)  ## ruff: rules and format; import-linter: which layer may import which
	@$(RUN)ruff check --quiet
	@$(RUN)ruff format --quiet --check
	@said=$$($(RUN)lint-imports --no-cache --no-logo) || { echo "$$said"; exit 1; }

types: $(READY) .venv/.pyright  ## mypy and pyright
	@$(RUN)mypy --no-error-summary

# Pyright has no cache, so it runs if something that it reads has changed since it found no error.
.venv/.pyright: $(READY) pyproject.toml $(PYRIGHT_READS)
	@$(RUN)basedpyright --warnings
	@touch $@

# Of all the tests, those marked `covered` run under coverage, and the others after them without.
COVERED := $(and $(ALL_TESTS),$(filter tests,$(TESTS)))

unit: $(READY) $(if $(COVERED),coverage)  ## the tests alone; TESTS=tests/core narrows them
	@$(RUN)$(PYTEST) $(if $(COVERED),-m "not covered") $(TESTS)

docs: .docs/.ready  ## build the site from docs/ into .docs/site, strictly, with its links checked
	@.docs/venv/bin/python docs/build.py

.docs/.ready: $(UV) pyproject.toml
	@$(UV) venv --quiet --allow-existing --python "$(PYTHON)" .docs/venv
	@$(UV) pip install --quiet --python .docs/venv --group docs
	@touch $@

format: $(READY)  ## let ruff repair and format what it can
	@$(RUN)ruff check --fix
	@$(RUN)ruff format

# Python 3.14 measures branches by sys.monitoring, as coverage does there by itself, at little cost;
# before, tracing doubles the tests' time, so `make test` does without.
coverage: $(READY)  ## the core's tests that draw nothing must take each branch of its layers without I/O
	@rm -rf .coverage
	@$(RUN)coverage run --rcfile=tests/coverage.ini -m $(PYTEST) -m covered tests/core
	@$(RUN)coverage combine --quiet --rcfile=tests/coverage.ini
	@$(RUN)coverage report --rcfile=tests/coverage.ini

mutants: $(READY)  ## flip 120 conditions of the parser and the snapshot builder, which the tests must notice; ALL=1: all
	@$(RUN)python -m tests.mutants $(if $(ALL),--sample 0)

# Through uv's pip, which leaves the workspace's own resolution alone. The core is tried once more by
# itself, since the vendors' SDKs ask for newer versions of what it needs.
test-lowest: $(UV)  ## the tests, with the oldest dependencies that the packages allow
	@$(UV) venv --quiet --clear --python "$(PYTHON)" .venv-lowest
	@$(UV) pip install --quiet --python .venv-lowest --resolution lowest-direct --group dev
	@.venv-lowest/bin/pytest -q $(TESTS)
	@$(UV) venv --quiet --clear --python "$(PYTHON)" .venv-lowest-core
	@$(UV) pip install --quiet --python .venv-lowest-core --resolution lowest-direct -e 'core[cli,otel,rich]'
	@$(UV) pip install --quiet --python .venv-lowest-core -e conformance anyio email-validator \
		hypothesis opentelemetry-sdk pytest-timeout tenacity
	@.venv-lowest-core/bin/pytest -q tests/core --ignore tests/core/providers/json_schema

test-py: $(UV)  ## the tests on another Python: make test-py PY=3.14
	@UV_PROJECT_ENVIRONMENT=.venv-$(notdir $(PY)) $(UV) sync --quiet --python $(PY)
	@.venv-$(notdir $(PY))/bin/pytest -q $(TESTS)

FUZZED = $(or $(TARGET),parser lenient splicer retry_after recording)

fuzz: .fuzz/.ready  ## atheris on the parser, lenient reader, splicer, Retry-After, recordings; TARGET=parser SECONDS=60
	@for target in $(FUZZED); do .fuzz/bin/python -m tests.fuzz $$target --seconds $(or $(SECONDS),60) || exit 1; done

# Where atheris has no wheel and can't be built, hypothesis draws the bytes.
.fuzz/.ready: $(UV) $(MANIFESTS)
	@$(UV) venv --quiet --allow-existing --python "$(PYTHON)" .fuzz
	@$(UV) pip install --quiet --python .fuzz -e core -e plugins/replay hypothesis pytest
	@$(UV) pip install --quiet --python .fuzz atheris || echo "no atheris for this Python" >&2
	@touch $@

bench: $(BENCHES:%=.bench/%/.ready)  ## measure against peers and limits, into docs/; QUICK=1: a short look
	@.bench/partwise/bin/python -m tests.bench $(if $(QUICK),--quick) $(PART)

# An environment for each of those that can't be installed beside each other. One that can't be
# installed at all is told in the table.
.bench/%/.ready: $(UV) $(MANIFESTS)
	@$(UV) venv --quiet --allow-existing --python "$(PYTHON)" .bench/$*
	@$(UV) pip install --quiet --python .bench/$* $(BENCH_$*) || echo "$* can't be measured here" >&2
	@touch $@

load: $(READY)  ## 1,000 readers at once, 50 threads, 100,000 streams in a row: half an hour; PART=many|threads|sequence
	@$(RUN)python -m tests.load $(PART)

soak: .bench/partwise/.ready  ## the load of an hour, its memory drawn into docs/images/soak.svg; SECONDS=120: a short one
	@.bench/partwise/bin/python -m tests.load.soak $(SECONDS:%=--seconds %) $(SOAK)

engine: $(READY) .engine/build/bin/llama-server .engine/tiny.gguf  ## build llama.cpp into .engine/ (ten minutes and more), and talk to it
	@$(RUN)pytest -q tests/engine

# Its server is built from the source package of its Python binding, of which nothing else is used.
.engine/build/bin/llama-server: .engine/venv/.ready .engine/source/.ready
	@.engine/venv/bin/cmake -G Ninja -S .engine/source/vendor/llama.cpp -B .engine/build \
		-DCMAKE_MAKE_PROGRAM="$(CURDIR)/.engine/venv/bin/ninja" -DCMAKE_BUILD_TYPE=Release \
		$(ENGINE_FAST:%=-D%="-O1 -DNDEBUG") $(ENGINE_OFF:%=-D%=OFF) > .engine/configure.log
	@.engine/venv/bin/cmake --build .engine/build --target llama-server

.engine/source/.ready:
	@mkdir -p .engine/source
	@"$(PYTHON)" -m pip download --quiet --disable-pip-version-check --no-deps --dest .engine \
		--no-binary llama-cpp-python llama-cpp-python==$(ENGINE)
	@tar -xzf .engine/llama_cpp_python-$(ENGINE).tar.gz -C .engine/source --strip-components 1
	@touch $@

.engine/tiny.gguf: .engine/venv/.ready tests/engine/tiny.py
	@.engine/venv/bin/python tests/engine/tiny.py $@

.engine/venv/.ready: $(UV)
	@$(UV) venv --quiet --allow-existing --python "$(PYTHON)" .engine/venv
	@$(UV) pip install --quiet --python .engine/venv cmake gguf ninja
	@touch $@

version: $(READY)  ## give every package this version: make version V=0.2.0
	@$(RUN)python -m tests.release.version $(or $(V),$(error say which, as in make version V=0.2.0))

dist: $(READY)  ## build the packages into dist/, twice with the same hashes, and try them on each Python present
	@$(RUN)python -m tests.release.dist

clean:  ## remove what the other targets made
	rm -rf plugins/web/client/node_modules plugins/web/client/dist
	rm -rf dist .venv .venv-* .docs .fuzz .uv uv.lock .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*

$(UV):
	@test -n "$(PYTHON)" || { echo "no Python 3.11 or newer with pip was found on PATH" >&2; exit 1; }
	@"$(PYTHON)" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target .uv uv

$(READY): $(UV) $(MANIFESTS)
	@$(UV) sync --quiet --python "$(PYTHON)"
	@touch $@
