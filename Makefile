# bouncestream: `make run` shows the bridge at work, `make test` proves it; `make check` is the quick look meanwhile.
# Everything is installed into .venv, from lock files with hashes; nothing else on the machine is touched.
PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
# Tests mostly wait. So many processes share them, a file as a whole to one of them (JOBS=0: all in this one).
JOBS   ?= 3
SIDE_BY_SIDE := -n $(JOBS) --dist loadfile --no-loadscope-reorder

.PHONY: run check test setup lint types docs chaos soak fuzz bench lock clean

run: setup ## the bridge beside a sandbox Listmonk, explained step by step (ONCE=1: end with exit code)
	@$(PY) -m bouncestream demo $(if $(ONCE),--once)

setup: $(VENV)/.ready

check: lint types ## before each commit: lint, types, and the tests that start no process (tests/conftest.py says which)
	@$(PY) -m pytest --fast -n 4 --dist worksteal $(ARGS)

test: $(VENV)/.ready-dev ## all tests
	@$(PY) -m pytest $(SIDE_BY_SIDE) $(ARGS)

lint: $(VENV)/.ready-dev
	@$(PY) -m ruff check . && $(PY) -m ruff format --check .

types: $(VENV)/.ready-dev
	@$(PY) -m mypy

docs: $(VENV)/.ready-docs ## a site and man pages of the documents, in docs/_build
	@$(PY) -m sphinx -n -W --keep-going -q -b html -c docs . docs/_build/html
	@$(PY) -m sphinx -n -W --keep-going -q -b man -c docs . docs/_build/man
	@echo "docs/_build/html/docs/index.html"

chaos: $(VENV)/.ready-dev ## the long version of the chaos tests and of the simulation
	@$(PY) -m tests.chaos

soak: $(VENV)/.ready-dev ## an hour under load with hostile clients beside it (SECONDS=3600)
	@$(PY) -m tests.soak $(SECONDS)

fuzz: $(VENV)/.ready-fuzz ## fuzz the mail reader (SECONDS=60)
	@$(PY) -m tests.fuzz $(SECONDS)

bench: $(VENV)/.ready-bench ## speed, as ratios (needs wrk)
	@$(PY) -m benchmarks

# A lock of its own per purpose, so that operators never install a test tool.
lock: ## renew the lock files (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes pyproject.toml --extra postgres -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes pyproject.toml --extra postgres --group dev -o requirements-dev.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes pyproject.toml --extra postgres --group dev --group bench -c requirements-dev.lock -o requirements-bench.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes pyproject.toml --extra postgres --group build -c requirements-dev.lock -o requirements-build.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes pyproject.toml --extra postgres --group dev --group docs -c requirements-dev.lock -o requirements-docs.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes pyproject.toml --extra postgres --group dev --group fuzz -c requirements-dev.lock -o requirements-fuzz.lock

# After a move of this folder, or of its Python, .venv is made anew, which no time of a file tells (deploy/venv.sh).
MOVED := $(shell [ ! -e $(VENV)/bin/bouncestream ] || { [ -x $(PY) ] && \
	grep -qF '"$(CURDIR)/$(PY)"' $(VENV)/bin/bouncestream; } || echo moved)
.PHONY: moved

$(VENV)/.ready: requirements.lock pyproject.toml $(MOVED)
	@PYTHON="$(PYTHON)" sh deploy/venv.sh requirements.lock
	@touch $@

$(VENV)/.ready-dev: requirements-dev.lock pyproject.toml $(MOVED)
	@PYTHON="$(PYTHON)" sh deploy/venv.sh requirements-dev.lock
	@touch $@ $(VENV)/.ready

$(VENV)/.ready-bench: requirements-bench.lock pyproject.toml $(MOVED)
	@PYTHON="$(PYTHON)" sh deploy/venv.sh requirements-bench.lock
	@touch $@ $(VENV)/.ready-dev $(VENV)/.ready

$(VENV)/.ready-docs: requirements-docs.lock pyproject.toml $(MOVED)
	@PYTHON="$(PYTHON)" sh deploy/venv.sh requirements-docs.lock
	@touch $@ $(VENV)/.ready-dev $(VENV)/.ready

$(VENV)/.ready-fuzz: requirements-fuzz.lock pyproject.toml $(MOVED)
	@PYTHON="$(PYTHON)" sh deploy/venv.sh requirements-fuzz.lock
	@touch $@ $(VENV)/.ready-dev $(VENV)/.ready

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .fuzz docs/_build
