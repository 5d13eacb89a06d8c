"""Training by the likelihood: the loss, its gradient, and what is told of it."""

import math

import numpy as np
import pytest
import scipy.stats
import torch

from pendula.errors import ArgumentError
from pendula.nn import Network, build
from pendula.nn.kernels import available
from pendula.runs import Recipe
from pendula.series.windows import Windows
from pendula.training import Objective, Training, Validation, method_for, train
from pendula.training.likelihood import equivalent_deviation
from pendula.training.obstacles import why_not_native

WINDOW = 6


def forecaster_of(head, *, channels=2, **options):
    network = Network(**({"hidden_size": 4, "head": head} | options))
    forecaster = build(network, channels, seed=3).double()
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in (*forecaster.head.parameters(), *forecaster.spread.parameters()):
            parameter.add_(0.4 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
        forecaster.output_scale.copy_(torch.linspace(0.5, 2.0, channels)[None])
    return forecaster


def objective(**options):
    settings = {
        "window": WINDOW, "loss": "last", "washout": 0, "horizon": 1, "teacher_forcing": 0.0, "input_noise": 0.0,
        "generator": torch.Generator().manual_seed(5),
    }  # fmt: skip
    return Objective(**(settings | options))


def pieces_of(steps=WINDOW + 1, *, batch=3, channels=2):
    return torch.randn(batch, steps, channels, generator=torch.Generator().manual_seed(4), dtype=torch.float64)


@pytest.mark.parametrize("head", ["gaussian", "mixture"])
@pytest.mark.parametrize(
    ("options", "scored"),
    [({"loss": "last"}, [5]), ({"loss": "every"}, range(6)), ({"loss": "every", "washout": 4}, [4, 5])],
)
def test_the_loss_is_the_mean_of_logarithms_of_scipys_densities(head, options, scored):
    forecaster, pieces = forecaster_of(head), pieces_of()
    loss, _ = objective(**options)(forecaster, pieces)
    logarithms = []
    for piece in pieces:
        for t in scored:
            with torch.no_grad():
                told, _ = forecaster.distribute(piece[None, : t + 1], since=t)
            whitening = told.whitening[0, 0].numpy()
            covariances = np.linalg.inv(whitening.transpose(0, 2, 1) @ whitening)
            means = (told.mean[0, 0] + told.offsets[0, 0]).numpy()
            density = sum(
                weight * scipy.stats.multivariate_normal(mean, covariance).pdf(piece[t + 1].numpy())
                for weight, mean, covariance in zip(
                    told.log_weights[0, 0].exp().numpy(), means, covariances, strict=True
                )
            )
            logarithms.append(math.log(density))
    assert loss.item() == pytest.approx(-np.mean(logarithms), rel=1e-10)


@pytest.mark.parametrize("head", ["gaussian", "mixture"])
def test_the_gradient_is_that_of_finite_differences(head):
    forecaster, pieces = forecaster_of(head, hidden_size=2), pieces_of(batch=2)
    loss = objective(loss="every")

    def value(*weights):
        names = [name for name, _ in forecaster.named_parameters()]
        held = dict(zip(names, weights, strict=True))
        return torch.func.functional_call(_Loss(forecaster, loss), {f"net.{k}": v for k, v in held.items()}, (pieces,))

    weights = [weight.detach().clone().requires_grad_() for weight in forecaster.parameters()]
    forecaster.recurrent.backend = "torch"
    assert torch.autograd.gradcheck(value, weights, eps=1e-6, atol=1e-7, rtol=1e-5)


class _Loss(torch.nn.Module):
    def __init__(self, net, loss):
        super().__init__()
        self.net, self.loss = net, loss

    def forward(self, pieces):
        return self.loss(self.net, pieces)[0]


def conditional_noise(rows, seed=0):
    """Noise whose variance is 0.02 and 0.9 times the square of the value before it (Engle 1982), and its deviations."""
    draw, values, deviations = np.random.default_rng(seed), np.zeros(rows), np.zeros(rows)
    for t in range(1, rows):
        deviations[t] = math.sqrt(0.02 + 0.9 * values[t - 1] ** 2)
        values[t] = deviations[t] * draw.normal()
    return torch.from_numpy(values)[:, None], deviations


def test_training_finds_how_the_noise_changes():
    series, deviations = conditional_noise(2600)
    forecaster = build(Network(cell="gru", hidden_size=6, residual=False, head="gaussian"), 1, seed=0)
    windows = Windows(series[:2000].float(), np.array([[0, 2000]]), length=7)
    validation = Validation(window=6, one_step=Windows(series, np.array([[2000, 2600]]), length=7), free_run=None)
    settings = Training(epochs=8, learning_rate=0.03, batch_size=100, loss="every", washout=2)
    trained = train(forecaster, windows, settings, window=6, validation=validation)
    assert trained.engine == ("native" if available() else "autograd")
    errors = [record.validation_one_step for record in trained.history]
    # The likelihood of the process itself, and that of the best constant deviation, on the same rows.
    rows = np.arange(2006, 2600)
    loss = -scipy.stats.norm.logpdf(series[rows, 0], 0, deviations[rows]).mean()
    exact, constant = equivalent_deviation(float(loss), 1), float(series[rows].square().mean().sqrt())
    assert exact < 0.75 * constant
    assert 0.99 * exact < min(errors) < 0.9 * constant
    assert all(record.train_loss > 0 for record in trained.history[1:])


@pytest.mark.parametrize("channels", [1, 3])
def test_the_deviation_that_a_likelihood_stands_for(channels):
    deviations = np.linspace(0.5, 2.0, channels)
    entropy = scipy.stats.multivariate_normal(np.zeros(channels), np.diag(deviations**2)).entropy()
    assert equivalent_deviation(float(entropy), channels) == pytest.approx(np.exp(np.log(deviations).mean()))


def test_a_hopeless_loss_stands_for_a_finite_deviation():
    assert math.isfinite(equivalent_deviation(1e9, 1))


def test_the_native_core_says_why_it_does_not():
    windows = Windows(torch.zeros(20, 1), np.array([[0, 20]]), length=11)
    reason = why_not_native(build(Network(head="gaussian"), 1), windows, Training(horizon=2), window=9)
    assert reason == "it scores no likelihood of a free run, and `horizon` is 2"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"method": "hessian-free"},
            "`method` must be adam, adamw or nesterov with the head gaussian: got hessian-free",
        ),
        (
            {"engine": "keras"},
            "`engine` must be pendula with the head gaussian: got keras. Keras minimizes squared err",
        ),
        ({"horizon": 3}, "`horizon` must be 1 with the head gaussian: got 3. The likelihood of a record is a product"),
        ({"method": "ridge"}, "`method` must suit the cell"),
    ],
)
def test_what_does_not_train_a_likelihood(options, message):
    with pytest.raises(ArgumentError, match=message):
        method_for(Network(head="gaussian"), Training(**options))
    with pytest.raises(ArgumentError, match=message):
        Recipe(network=Network(head="gaussian"), training=Training(**options))


@pytest.mark.parametrize("method", ["adam", "adamw", "nesterov"])
def test_what_does(method):
    assert method_for(Network(head="mixture"), Training(method=method)) == method
