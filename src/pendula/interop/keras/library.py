"""Keras itself, imported when it is needed, on a backend that is there."""

import importlib
import os
import sys
from importlib.util import find_spec
from typing import Any

from pendula.errors import MissingExtraError, missing_extra

__all__ = ["keras_library"]


def keras_library() -> Any:
    """Import Keras.

    Its backend is the one that the environment variable `KERAS_BACKEND` names; without it TensorFlow, Keras's own
    default, where that is installed, and otherwise torch, which always is.

    Returns:
        The module `keras`.

    Raises:
        MissingExtraError: If Keras is not installed, or its backend is not.
    """
    if "keras" not in sys.modules and "KERAS_BACKEND" not in os.environ:
        os.environ["KERAS_BACKEND"] = "tensorflow" if find_spec("tensorflow") else "torch"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow tells what the processor can do
    keras = _imported()
    if not hasattr(keras, "ops"):
        raise MissingExtraError(
            f"Keras must be version 3: got {keras.__version__}. Install it with: pip install 'pendula[keras]'."
        )
    return keras


def _imported() -> Any:
    try:
        return importlib.import_module("keras")
    except ImportError as error:
        missing = error.name or "Keras"
        if missing == "keras":
            raise missing_extra("Training with Keras, and writing its models,", "keras", "keras") from error
        raise MissingExtraError(
            f"Keras needs its backend: expected {missing} to be installed, got none. Install it, or set the "
            "environment variable KERAS_BACKEND=torch."
        ) from error
