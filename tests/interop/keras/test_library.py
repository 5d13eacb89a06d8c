"""Keras is imported late, on a backend that is there, and named when it is missing."""

import subprocess
import sys

import pytest

from pendula.errors import MissingExtraError
from pendula.interop.keras import library
from pendula.interop.keras.library import keras_library


def test_files_are_read_without_keras():
    code = "import sys, pendula.interop.keras.network; print(sorted({'keras', 'tensorflow'} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_missing_extra_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(MissingExtraError, match=r"needs keras\. Install it with: pip install 'pendula\[keras\]'"):
        keras_library()


def test_a_missing_backend_is_named(monkeypatch):
    def fail(name):
        raise ModuleNotFoundError("No module named 'jax'", name="jax")

    monkeypatch.setattr(library.importlib, "import_module", fail)
    with pytest.raises(MissingExtraError, match=r"Keras needs its backend: expected jax to be installed, got none"):
        keras_library()


def test_an_old_keras_is_told(monkeypatch):
    class Old:
        __version__ = "2.15.0"

    monkeypatch.setitem(sys.modules, "keras", Old)
    with pytest.raises(MissingExtraError, match=r"Keras must be version 3: got 2\.15\.0"):
        keras_library()


@pytest.mark.parametrize(("installed", "backend"), [(True, "tensorflow"), (False, "torch")])
def test_the_backend_is_tensorflow_where_it_is_installed_and_torch_elsewhere(monkeypatch, installed, backend):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setattr(library, "find_spec", lambda _: installed or None)
    monkeypatch.setattr(library.importlib, "import_module", lambda _: type("Keras", (), {"ops": None}))
    keras_library()
    assert library.os.environ["KERAS_BACKEND"] == backend
