# Everything from a fresh machine with Python ≥ 3.11 and make. `make demo` trains; `make test` tests.
PYTHON ?= python3
BIN := .venv/bin
# Two-thread kernels stall when both cores are busy and threads spin.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: demo reproduce test test-slow test-lowest check clean

demo: .venv/installed
	rm -rf runs/demo
	$(BIN)/eigenview train --out runs/demo

# Every experiment of the papers at the scale of seconds; `eigenview reproduce all --scale cpu` is the one to read.
reproduce: .venv/installed
	OMP_NUM_THREADS=1 $(BIN)/eigenview reproduce all --scale smoke --out runs/reproduced --again

# Two processes of one thread each: most tests are too small for two threads. A file stays in one process.
# Tests that need real images look in $EIGENVIEW_DATA, and are skipped without it.
test: .venv/installed-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: .venv/installed-test
	$(BIN)/python -m pytest -m slow

# The lowest versions that pyproject.toml allows, in an environment of their own (minutes to install).
test-lowest: .venv-lowest/installed
	OMP_NUM_THREADS=1 .venv-lowest/bin/python -m pytest tests/cli tests/config
	.venv-lowest/bin/eigenview train --steps 20 --out "$$(mktemp -d)/run"

check: .venv/installed-dev
	$(BIN)/ruff check && $(BIN)/ruff format --check && $(BIN)/pyright

.venv/bin/python:
	$(PYTHON) -m venv .venv

# torch first, and by the exact version of constraints.txt: nothing after it then asks for another build of it.
.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	touch $@

.venv/installed-test: .venv/installed
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[test]'
	touch $@

.venv/installed-dev: .venv/installed-test
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

.venv-lowest/installed: pyproject.toml constraints.txt constraints-lowest.txt
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet -c constraints.txt torch
	.venv-lowest/bin/python -m pip install --quiet -c constraints-lowest.txt -e '.[test]'
	touch $@

clean:
	rm -rf .venv .venv-lowest runs
