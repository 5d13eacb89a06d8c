"""The estimators in scikit-learn's own checks, and in its pipelines, cross-validations and searches."""

import inspect
import pickle
import sys

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from pendula.errors import ArgumentError, MissingExtraError
from pendula.interop.sklearn import EchoStateRegressor, PendulaClassifier, PendulaRegressor

QUICK = {"hidden_size": 16, "epochs": 6, "batch_size": 16, "learning_rate": 0.03, "window": 10, "washout": 2}


def expected_failures(_):
    memory = "a row is one step of a series: what is predicted for it depends on the rows before it, by design"
    return {
        "check_methods_sample_order_invariance": memory,
        "check_methods_subset_invariance": memory,
    }


@parametrize_with_checks(
    [PendulaRegressor(**QUICK), PendulaClassifier(**QUICK), EchoStateRegressor(units=20, washout=5)],
    expected_failed_checks=expected_failures,
)
def test_the_checks_of_scikit_learn(estimator, check, monkeypatch):
    # They set arguments of any type, which none may refuse before `fit`; outside of tests nothing checks types.
    monkeypatch.setattr(type(estimator), "__init__", inspect.unwrap(type(estimator).__init__))
    check(estimator)


def delayed(rows=400, delay=3):
    """A random signal and its value some steps before: nothing that stands in the row itself."""
    signal = np.random.default_rng(0).uniform(-1, 1, rows)
    return signal[:, None], np.concatenate([np.zeros(delay), signal[:-delay]])


SMALL = {"units": 60, "input_scaling": 0.1}


def test_they_remember_what_no_row_tells():
    x, y = delayed()
    assert LinearRegression().fit(x, y).score(x, y) < 0.05
    network = PendulaRegressor(**QUICK | {"epochs": 30, "steps_per_epoch": 8, "window": 12, "washout": 4})
    assert network.fit(x[:300], y[:300]).score(x[304:], y[304:]) > 0.8
    assert network.loss_curve_[-1] < 0.1 * network.loss_curve_[0]
    # What the first three of the 96 rows ask for lies before them.
    assert EchoStateRegressor(**SMALL).fit(x[:300], y[:300]).score(x[304:], y[304:]) > 0.9


def test_a_classifier_labels_every_step():
    x, y = delayed(delay=2)
    labels = np.where(y > 0, "above", "below")
    model = PendulaClassifier(hidden_size=16, epochs=6, learning_rate=0.03, window=12, washout=3).fit(x, labels)
    assert model.score(x[3:], labels[3:]) > 0.9
    assert list(model.classes_) == ["above", "below"]
    probabilities = model.predict_proba(x)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_array_equal(model.classes_[probabilities.argmax(axis=1)], model.predict(x))


@pytest.mark.parametrize(
    "model", [PendulaRegressor(**QUICK), PendulaClassifier(**QUICK), EchoStateRegressor(units=20, washout=5)], ids=str
)
def test_no_prediction_sees_a_later_row(model):
    x, y = delayed(rows=60)
    model.fit(x, y > 0)
    changed = x.copy()
    changed[40:] += 1.0
    tell = model.predict_proba if hasattr(model, "predict_proba") else model.predict
    np.testing.assert_array_equal(tell(changed)[:40], tell(x)[:40])
    assert (tell(changed)[40:] != tell(x)[40:]).any()


def test_units_of_the_data_do_not_matter():
    x, y = delayed(rows=60)
    for model in (PendulaRegressor(**QUICK), EchoStateRegressor(units=20, washout=5)):
        plain = model.fit(x, y).predict(x)
        # Powers of 2 leave every bit of what the network sees as it was.
        other = model.fit(1024 * x, 256 * y).predict(1024 * x)
        np.testing.assert_allclose(other, 256 * plain, rtol=1e-9, atol=1e-9)


def test_several_outputs_keep_their_shape():
    x, y = delayed(rows=60)
    both = np.column_stack([y, 2 * y])
    for model in (PendulaRegressor(**QUICK), EchoStateRegressor(units=20, washout=5)):
        assert model.fit(x, both).predict(x).shape == (60, 2)
        assert model.fit(x, y).predict(x).shape == (60,)


def test_cross_validation_in_a_pipeline():
    x, y = delayed()
    pipeline = make_pipeline(MinMaxScaler(), EchoStateRegressor(**SMALL))
    scores = cross_val_score(pipeline, x, y, cv=TimeSeriesSplit(n_splits=3))
    assert scores.shape == (3,)
    assert (scores > 0.85).all()
    squared = make_pipeline(FunctionTransformer(np.square), PendulaRegressor(**QUICK))
    assert np.isfinite(cross_val_score(squared, x, y, cv=TimeSeriesSplit(n_splits=2))).all()


def test_a_grid_search_finds_the_memory_that_is_needed():
    x, y = delayed()
    search = GridSearchCV(
        EchoStateRegressor(**SMALL | {"connections": 2}),
        {"leak": [1.0, 0.1], "bias_scaling": [0.0, 0.5]},
        cv=TimeSeriesSplit(n_splits=3),
    ).fit(x, y)
    assert search.best_params_["leak"] == 1.0
    trained = GridSearchCV(PendulaClassifier(**QUICK), {"cell": ["rnn", "lstm"]}, cv=TimeSeriesSplit(n_splits=2))
    assert trained.fit(x[:60], y[:60] > 0).best_params_["cell"] in {"rnn", "lstm"}


def test_a_penalty_that_is_given_is_taken():
    x, y = delayed(rows=60)
    assert EchoStateRegressor(units=20, penalty=0.25).fit(x, y).penalty_ == 0.25
    free = EchoStateRegressor(units=20, penalty=0.0, washout=0).fit(x, y)
    held = EchoStateRegressor(units=20, penalty=1e6, washout=0).fit(x, y)
    # All but infinite, it leaves the mean.
    np.testing.assert_allclose(held.predict(x), y.mean(), atol=1e-5)
    # Without one it is ordinary least squares on states and rows.
    features = free._features(x)
    least = LinearRegression().fit(features, y)
    np.testing.assert_allclose(free.predict(x), least.predict(features), atol=1e-8)


def test_a_seed_gives_the_same_bits_and_a_copy_too():
    x, y = delayed(rows=60)
    for model in (PendulaRegressor(**QUICK), EchoStateRegressor(units=20, washout=5)):
        first = model.fit(x, y).predict(x)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(x), first)
        np.testing.assert_array_equal(model.fit(x, y).predict(x), first)
        model.set_params(random_state=np.random.RandomState(7))
        assert (model.fit(x, y).predict(x) != first).any()


def test_what_they_refuse():
    x, y = delayed(rows=60)
    with pytest.raises(ArgumentError, match="must hold several classes: expected 2 or more, got one class, 1"):
        PendulaClassifier(**QUICK).fit(x, np.ones(60))
    with pytest.raises(ArgumentError, match="`cell` must be one that is trained: expected rnn, gru, lstm, got esn"):
        PendulaRegressor().set_params(cell="esn").fit(x, y)
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        EchoStateRegressor().fit(x[:1], y[:1])


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (
            {"cell": "foo"},
            r"`cell` must be one that is trained: expected rnn, gru, lstm, got foo\. Choose one of them\.",
        ),
        ({"cell": "lstn"}, r"expected rnn, gru, lstm, got lstn\. Did you mean `lstm`\?"),
        ({"cell": "integrator"}, r"expected rnn, gru, lstm, got integrator\. Choose one of them\."),
        ({"window": 0}, r"`window` must be a whole number: expected 1 or more, got 0\."),
        ({"window": 2.5}, r"`window` must be a whole number: expected 1 or more, got 2\.5\."),
        ({"washout": -1}, r"`washout` must be a whole number: expected 0 or more, got -1\."),
        ({"hidden_size": 0}, r"`hidden_size` must be a whole number: expected 1 or more, got 0\."),
        ({"hidden_size": None}, r"`hidden_size` must be a whole number: expected 1 or more, got None\."),
    ],
)
def test_an_argument_is_refused_under_its_own_name(argument, message):
    x, y = delayed(rows=60)
    with pytest.raises(ArgumentError, match=message):
        PendulaRegressor(**QUICK).set_params(**argument).fit(x, y)
    with pytest.raises(ArgumentError, match=message):
        PendulaClassifier(**QUICK).set_params(**argument).fit(x, y > 0)


def test_a_window_of_one_row_is_enough():
    x, y = delayed(rows=60)
    assert PendulaRegressor(**QUICK | {"window": 1}).fit(x, y).readout_.washout == 0


def test_without_scikit_learn(monkeypatch):
    monkeypatch.delitem(sys.modules, "pendula.interop.sklearn")
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    message = r"Using Pendula in scikit-learn needs scikit-learn. Install it with: pip install 'pendula\[sklearn\]'."
    with pytest.raises(MissingExtraError, match=message):
        __import__("pendula.interop.sklearn")
