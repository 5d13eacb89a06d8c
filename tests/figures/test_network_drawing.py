"""Drawings of networks: made of the model's own shapes, and no word over another."""

import numpy as np
import pytest
import torch

from pendula.errors import ArgumentError
from pendula.figures import draw_folded, draw_gradient_arrows, draw_unrolled, network_shape, png
from pendula.nn import (
    RNN,
    Equation,
    IntegratorCell,
    IntegratorForecaster,
    Network,
    Reservoir,
    ReservoirForecaster,
    build,
)

MODELS = {
    "one layer": RNN(1, 16),
    "torch's own": torch.nn.GRU(3, 5, num_layers=2),
    "forecaster": build(Network(cell="lstm", hidden_size=64, num_layers=3), 2, seed=0),
    "integrator": IntegratorCell("lorenz63", dt=0.1),
    "equation": IntegratorForecaster(
        Network(cell="integrator", equation=Equation(system="pendulum")), ["theta"], dt=0.1
    ),
}


def boxes(panel):
    """The rectangle of every word, in pixels."""
    panel.figure.canvas.draw()
    return {text: text.get_window_extent() for text in panel.texts if text.get_text().strip() and text.get_visible()}


def drawings(shape):
    norms = np.log(0.05) * np.arange(5.0) * np.ones((len(shape.layers), 1))
    return draw_folded(shape), draw_unrolled(shape, steps=5), draw_gradient_arrows(shape, norms, steps=5)


@pytest.mark.parametrize("name", MODELS)
def test_no_word_lies_over_another_or_outside(name):
    for panel in drawings(network_shape(MODELS[name])):
        extents = list(boxes(panel).items())
        canvas = panel.figure.bbox
        for k, (text, box) in enumerate(extents):
            assert canvas.x0 <= box.x0
            assert box.x1 <= canvas.x1, text
            for other, taken in extents[k + 1 :]:
                assert not box.overlaps(taken), (text.get_text(), other.get_text())


def test_shapes_are_those_of_the_weights():
    model = MODELS["forecaster"]
    shape = network_shape(model)
    weights = {name: tuple(each.shape) for name, each in model.recurrent.named_parameters()}
    for k, layer in enumerate(shape.layers):
        assert layer.inputs == weights[f"weight_ih_l{k}"]
        assert layer.recurrent == weights[f"weight_hh_l{k}"]
    assert (shape.inputs, shape.outputs, shape.head) == (4, 2, tuple(model.head.weight.shape))
    words = [text.get_text() for text in draw_folded(shape).texts]
    assert "$W^{(3)}$  256 × 64" in words
    assert "$V$  2 × 64" in words


def test_a_reservoir_is_drawn_with_its_readout():
    network = Network(cell="esn", hidden_size=20, reservoir=Reservoir())
    shape = network_shape(ReservoirForecaster(network, 1, [network.reservoir]))
    assert shape.layers[0].recurrent == (20, 20)
    assert shape.head == (1, 21)


def test_an_integrator_has_no_input_and_no_matrix():
    shape = network_shape(MODELS["integrator"])
    words = [text.get_text() for text in draw_folded(shape).texts]
    assert words[0] == "$h_t$\nRK4 step, 3 components"
    assert not any("×" in word for word in words)


def test_arrows_are_the_thinner_the_less_gradient_flows():
    shape = network_shape(MODELS["one layer"])
    panel = draw_gradient_arrows(shape, np.log(np.array([[1.0, 0.1, 1e-6, np.nan]])), steps=4)
    red = [text for text in panel.texts if text.get_color() == "#B03A2E"]
    assert [text.get_text() for text in red] == ["1", "0.1", "$10^{-6}$", "–"]
    widths = [text.arrow_patch.get_linewidth() for text in panel.texts if getattr(text, "arrow_patch", None)]
    back = widths[-4:]
    assert back == sorted(back, reverse=True)


def test_the_same_drawing_gives_the_same_bytes():
    shape = network_shape(MODELS["one layer"])
    assert png(draw_unrolled(shape).figure) == png(draw_unrolled(shape).figure)


def test_mistakes_are_named():
    shape = network_shape(MODELS["one layer"])
    with pytest.raises(ArgumentError, match=r"`model` must be a forecaster, a recurrent layer .*got Linear"):
        network_shape(torch.nn.Linear(1, 1))
    with pytest.raises(ArgumentError, match=r"`steps` must be positive: expected 1 column or more, got 0"):
        draw_unrolled(shape, steps=0)
    with pytest.raises(ArgumentError, match=r"`log_norms` must have a row for each layer .*1 × 4 or more, got 1 × 2"):
        draw_gradient_arrows(shape, np.zeros((1, 2)), steps=4)
