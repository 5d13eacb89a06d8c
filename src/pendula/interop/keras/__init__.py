"""Keras: its recurrent networks as Pendula's and back, exactly; training with its own layers, `compile` and `fit`.

Files of models are read without Keras, and nothing in them is run.
"""

from pendula.interop.keras.library import keras_library
from pendula.interop.keras.network import KerasNetwork, from_keras
from pendula.interop.keras.writing import save_keras, to_keras

__all__ = ["KerasNetwork", "from_keras", "keras_library", "save_keras", "to_keras"]
