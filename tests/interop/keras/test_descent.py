"""Training with Keras: autograd and Adam's equations are the oracles of a step, a whole run that of a resumed one."""

import numpy as np
import pytest
import torch
import xarray as xr

import pendula
from pendula.errors import ArgumentError, DivergedError, InterruptedRunError
from pendula.forecasting import fit_record, resume
from pendula.interop.keras.descent import KerasDescent
from pendula.nn import Network, build
from pendula.runs import Recipe
from pendula.series import record
from pendula.series.windows import Windows
from pendula.training import EpochFinished, Training, epoch_generator, shuffled, silent, train

PLAIN = {"residual": False, "increments": False}
WINDOW = 8


def sine(rows=120):
    return xr.Dataset({"x": ("time", np.sin(0.2 * np.arange(rows)))})


def fit(*, epochs=2, network=None, **training):
    chosen = Network(cell="rnn", hidden_size=4, **(network or PLAIN))
    return pendula.fit(
        sine(), model=chosen, window=WINDOW, training=Training(engine="keras", epochs=epochs, **training), seed=3
    )


def windows(rows=40):
    values = torch.from_numpy(np.sin(0.2 * np.arange(rows)))[:, None].float()
    return Windows(values, np.array([[0, rows]]), length=WINDOW + 1)


def descent(network, settings):
    return KerasDescent(build(network, 1), windows(), settings, window=WINDOW, seed=5, listener=silent)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("options", [PLAIN, {"residual": True, "increments": True}])
@pytest.mark.parametrize("method", ["adam", "adamw"])
def test_a_step_is_that_of_autograd_and_the_published_equations(cell, options, method):
    settings = Training(
        engine="keras", epochs=1, batch_size=33, method=method, weight_decay=0.1 * (method == "adamw"),
        learning_rate=0.01, schedule="constant", clip_norm=0.05,
    )  # fmt: skip
    ours = descent(Network(cell=cell, hidden_size=3, **options), settings)
    forecaster = ours._forecaster
    forecaster.output_scale.fill_(0.5)
    twin = build(forecaster.network, 1)
    twin.load_state_dict(forecaster.state_dict())
    trained = {name: weight for name, weight in twin.named_parameters() if cell == "gru" or "bias_hh" not in name}
    (batch,) = shuffled(windows(), 33, generator=epoch_generator(5, 1))
    loss = ((twin(batch.pieces[:, :WINDOW])[0][:, -1, 0] - batch.pieces[:, -1]) / 0.5).square().mean()
    gradients = torch.autograd.grad(loss, list(trained.values()))
    shortened = 0.05 / max(0.05, float(torch.cat([gradient.flatten() for gradient in gradients]).norm()))
    with torch.no_grad():
        for weight, gradient in zip(trained.values(), gradients, strict=True):
            weight.mul_(1 - 0.01 * settings.weight_decay).sub_(first_adam_step(shortened * gradient, 0.01))
    given, norm = ours.run(1)
    assert (given, norm) == (pytest.approx(loss.item(), rel=1e-5), None)
    for name, weight in twin.state_dict().items():
        assert torch.allclose(forecaster.state_dict()[name], weight, atol=1e-6), name


def first_adam_step(gradient, learning_rate):
    """As Kingma and Ba have it at the end of section 2, with the epsilon that is added before the bias is corrected."""
    root = np.sqrt(1 - 0.999)
    return learning_rate * root * gradient / (root * gradient.abs() + 1e-7)


def test_it_learns_behind_the_same_verb():
    made = fit(epochs=25, learning_rate=0.02, network={"residual": False, "increments": False})
    errors = [each.validation_one_step for each in made.history]
    assert min(errors) < 0.2 * errors[0]
    assert made.history[made.best_epoch].validation_one_step == min(errors)
    assert {"persistence", "linear"} <= made.scores["baselines"].keys()
    assert made.recipe.training.engine == "keras"
    rates = [each.learning_rate for each in made.history[1:]]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 1e-3 * rates[0]


def test_before_training_a_residual_network_says_the_same_as_now():
    made = fit(epochs=1, network={"residual": True, "increments": True})
    values = made.model.scaler.transform(made.record.values)[:, 0]
    part = slice(made.train_stop - 1, made.validation_stop)
    assert made.history[0].validation_one_step == pytest.approx(np.sqrt(np.mean(np.diff(values[part]) ** 2)))


def test_the_same_seed_gives_the_same_bits():
    first, second = (fit(input_noise=0.1, network={"linear_lags": 3}) for _ in range(2))
    for ours, theirs in zip(first.model.forecaster.parameters(), second.model.forecaster.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("options", [PLAIN, {"residual": True}])
def test_a_stopped_training_goes_on_as_if_nothing_had_happened(tmp_path, options):
    recipe = Recipe(
        network=Network(cell="gru", hidden_size=3, **options),
        training=Training(engine="keras", epochs=4, batch_size=16),
        window=WINDOW,
    )
    rows = record(sine())
    whole = fit_record(rows, recipe, score=False)

    def stop(event):
        if isinstance(event, EpochFinished) and event.record.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError, match="after epoch 2; the checkpoint of epoch 2 is kept"):
        fit_record(rows, recipe, run=tmp_path / "run", listener=stop)
    resumed = resume(tmp_path / "run")
    assert resumed.history == whole.history
    for ours, theirs in zip(resumed.model.forecaster.parameters(), whole.model.forecaster.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_another_initialization_is_pendulas():
    network = Network(cell="rnn", hidden_size=4, initialization=pendula.nn.Initialization(kind="identity"), **PLAIN)
    ours = descent(network, Training(engine="keras"))
    assert torch.equal(ours._forecaster.recurrent.weight_hh_l0, torch.eye(4))


def test_divergence_is_told():
    with pytest.raises(DivergedError, match=r"Training diverged at step 1 of epoch 1: the loss became (nan|inf)"):
        fit(epochs=1, learning_rate=1e38, clip_norm=None)


def test_a_comparison_has_it_beside_pendulas_own():
    from pendula.forecasting import compare_recipes

    recipes = {
        engine: Recipe(
            network=Network(cell="rnn", hidden_size=3), training=Training(engine=engine, epochs=1), window=WINDOW
        )
        for engine in ("pendula", "keras")
    }
    fits = compare_recipes(record(sine()), recipes).fits
    assert [made.recipe.training.engine for made in fits.values()] == ["pendula", "keras"]
    assert (fits["keras"].history[1].gradient_norm, fits["pendula"].history[1].gradient_norm is None) == (None, False)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"horizon": 5}, r"`horizon` must be 1 with engine keras, which learns to predict one step ahead: got 5"),
        ({"loss": "every"}, "`loss` must be last with engine keras"),
        ({"device": "cuda"}, "`device` must be cpu with engine keras"),
        ({"method": "nesterov"}, r"`method` must be adam or adamw with engine keras: got nesterov"),
        ({"weight_decay": 0.1}, r"`weight_decay` must go with adamw in engine keras, whose adam has none: got 0\.1"),
    ],
)
def test_settings_that_keras_does_not_have_are_refused(settings, match):
    with pytest.raises(ArgumentError, match=match):
        Training(engine="keras", **settings)


def test_networks_and_precisions_that_keras_does_not_have_are_refused():
    with pytest.raises(ArgumentError, match=r"`dropout` must be 0 with engine keras: got 0\.5"):
        descent(Network(num_layers=2, dropout=0.5), Training(engine="keras"))
    with pytest.raises(ArgumentError, match=r"`precision` must be float32 with engine keras on torch, where Keras"):
        descent(Network(), Training(engine="keras", precision="float64"))
    with pytest.raises(ArgumentError, match=r"`engine` must be pendula for the cell esn: got keras"):
        Recipe(network=Network(cell="esn"), training=Training(engine="keras"))
    with pytest.raises(ArgumentError, match=r"`engine` must be pendula where no other tool is handed over: got keras"):
        train(build(Network(), 1), windows(), Training(engine="keras"), window=WINDOW)
