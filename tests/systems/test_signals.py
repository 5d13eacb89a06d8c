import math

import numpy as np
import pytest
import torch

from pendula.systems import Combined, Cosine, Damped, Sine

T = np.linspace(0, 10 * np.pi, 1000)
LECTURE = {
    Sine: np.sin(T),
    Cosine: np.cos(T),
    Combined: np.sin(T) + 0.5 * np.sin(2 * T),
    Damped: np.exp(-T / 10) * np.sin(T),
}


@pytest.mark.parametrize("signal", LECTURE)
def test_defaults_are_the_four_signals_bit_for_bit(signal):
    made = signal()
    np.testing.assert_array_equal(made.grid(), T)
    np.testing.assert_array_equal(made.value(made.grid()), LECTURE[signal])


@pytest.mark.parametrize("signal", LECTURE)
def test_floats_and_tensors_agree_with_arrays(signal):
    made = signal()
    expected = made.value(T[:50])
    np.testing.assert_allclose([made.value(t) for t in T[:50].tolist()], expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(made.value(torch.tensor(T[:50])), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("signal", [Sine(frequency=3.0), Cosine(frequency=3.0), Combined(frequency=3.0)])
def test_period_and_root_mean_square(signal, fact):
    t = np.linspace(0, fact(signal, "period"), 1000, endpoint=False)
    np.testing.assert_allclose(signal.value(t + fact(signal, "period")), signal.value(t), atol=1e-12)
    np.testing.assert_allclose(np.sqrt(np.mean(signal.value(t) ** 2)), fact(signal, "root mean square"), rtol=1e-12)


def test_damped_sine_loses_its_logarithmic_decrement(fact):
    signal = Damped(decay_time=4.0, frequency=2.0)
    later = signal.value(0.3 + fact(signal, "period"))
    np.testing.assert_allclose(math.log(signal.value(0.3) / later), fact(signal, "logarithmic decrement"))


def test_phase_turns_a_sine_into_a_cosine():
    np.testing.assert_allclose(Sine(phase=math.pi / 2).value(T), Cosine().value(T), atol=1e-12)
