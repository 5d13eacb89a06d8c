# make demo   makes the environment and runs the main job: a measured record → network, forecast, scores, report
# make test   makes the environment and runs lint, types, layers and tests
# make help   lists every target
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
NATIVE := $(wildcard native/CMakeLists.txt native/src/*)
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# A process for each core, with one thread; a file's tests stay together, so that they share what they set up. In the
# order of the folders the many small files come last, and no core waits long for another.
PYTEST_OPTIONS := -q --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest $(PYTEST_OPTIONS)
# What stands on recurrent layers, and so on the native core. Killing runs takes minutes, and checkpoints are the same.
RECURRENT_TESTS := tests/nn tests/training tests/forecasting

.PHONY: help install demo test lint types layers pytest pytest-torch test-slow test-without-native test-tensorflow sanitize bench clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile
# make install       makes the environment in .venv and compiles the native core
# make lint          ruff: style, docstrings, formatting
# make types         mypy, strict
# make layers        import-linter: the layers and no cycles
# make pytest        the fast tests, doctests among them
# make pytest-torch  those of them that stand on recurrent layers, with the native core turned off
# make test-slow     the tests that take minutes
# make test-without-native   the fast tests in an environment that has no native core: build/without-native
# make test-tensorflow       Keras on TensorFlow, in an environment that has it: build/tensorflow
# make sanitize      the native core under ThreadSanitizer, then AddressSanitizer and UndefinedBehaviorSanitizer
# make bench         the races in benchmarks/
# make clean         removes the environment, caches and builds

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt $(NATIVE)
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Pendula needs Python 3.11 or later')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP_INSTALL) --editable ".[dev]"
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
	$(PYTEST)

pytest-torch: install
	PENDULA_NATIVE=OFF $(PYTEST) $(RECURRENT_TESTS) --ignore=tests/training/test_kill.py

test-slow: install
	$(BIN)/pytest -q -m slow

test-without-native:
	$(PYTHON) -m venv build/without-native
	PENDULA_NATIVE=OFF build/without-native/bin/python $(PIP_INSTALL) --editable ".[dev]"
	build/without-native/bin/python -c "import importlib.util as i; assert i.find_spec('pendula._native') is None"
	OMP_NUM_THREADS=1 build/without-native/bin/pytest $(PYTEST_OPTIONS)

# TensorFlow is a gigabyte and wants an older h5py; nothing but Keras's backend needs it. The native core is tested elsewhere.
test-tensorflow:
	$(PYTHON) -m venv build/tensorflow
	grep -v '^h5py=' constraints.txt > build/tensorflow/constraints.txt
	PENDULA_NATIVE=OFF build/tensorflow/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint build/tensorflow/constraints.txt --editable ".[keras]" \
		tensorflow-cpu==2.21.0 pytest hypothesis beartype
	OMP_NUM_THREADS=1 build/tensorflow/bin/python -m pytest -q -m tensorflow tests/interop/keras

sanitize: sanitize-thread sanitize-address,undefined

sanitize-%: install
	$(BIN)/python $(PIP_INSTALL) cmake ninja
	$(BIN)/cmake -S native -B build/sanitize-$* -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN)/ninja) \
		-DPENDULA_PYTHON=OFF -DPENDULA_TESTS=ON -DPENDULA_SANITIZE=$*
	$(BIN)/cmake --build build/sanitize-$*
	build/sanitize-$*/native_tests

bench: install
	$(BIN)/python benchmarks/lecture.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
