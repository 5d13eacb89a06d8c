# make demo   makes the environment and runs the main job: a measured record → network, forecast, scores, report
# make test   makes the environment and runs lint, types, layers and tests
# make help   lists every target
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed

.PHONY: help install demo test lint types layers pytest test-slow bench clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile
# make install    makes the environment in .venv
# make lint       ruff: style, docstrings, formatting
# make types      mypy, strict
# make layers     import-linter: the layers and no cycles
# make pytest     the fast tests, doctests among them
# make test-slow  the tests that take minutes
# make bench      the races in benchmarks/
# make clean      removes the environment and caches

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Pendula needs Python 3.11 or later')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	touch $(STAMP)

demo: install
	$(BIN)/pendula demo --output runs/demo

test: lint types layers pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

layers: install
	$(BIN)/lint-imports

pytest: install
	$(BIN)/pytest -q

test-slow: install
	$(BIN)/pytest -q -m slow

bench: install
	$(BIN)/python benchmarks/lecture.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
