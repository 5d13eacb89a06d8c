import pytest

from pendula.interop.keras import keras_library


@pytest.fixture(scope="module", autouse=True)
def double_precision():
    """Let Keras multiply in double precision: on every backend but TensorFlow it turns float64 into float32."""
    keras_library()
    from keras.src.backend.common import dtypes

    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")
        yield
