from typing import Any

import pytest

from pendula.report.verdict import verdict


def scores(models: dict[str, Any], baselines: dict[str, Any], unit: str = "") -> dict[str, Any]:
    def row(numbers: Any) -> dict[str, Any]:
        return dict(zip(("rmse", "free_run_rmse", "r2", "free_run_nrmse"), numbers, strict=False))

    return {
        "models": {name: row(numbers) for name, numbers in models.items()},
        "baselines": {name: row(numbers) for name, numbers in baselines.items()},
        "units": {"value": unit},
    }


WINS = "is better than every baseline"
BOTH = "one step ahead and running freely"
LOSES = "is not better than linear autoregression, neither one step ahead nor running freely."

HEADLINES = [
    ("wins both", {"a": (0.5, 0.5)}, {"persistence": (1, 1)}, f"The network {WINS}, {BOTH}."),
    ("best of two", {"a": (2, 2), "b": (0.5, 0.5)}, {"persistence": (1, 1)}, f"The best network {WINS}, {BOTH}."),
    (
        "free run only",
        {"a": (2, 0.5)},
        {"persistence": (1, 1)},
        f"The network {WINS} running freely, but not better than persistence one step ahead.",
    ),
    (
        "one step only",
        {"a": (0.5, 2)},
        {"persistence": (1, 1)},
        f"The network {WINS} one step ahead, but not better than persistence running freely.",
    ),
    (
        "one baseline is better",
        {"a": (0.5, 0.5)},
        {"persistence": (1, 1), "linear": (0.1, 0.1)},
        f"The network {LOSES}",
    ),
    (
        "a tie is no win",
        {"a": (0.995, 0.5)},
        {"persistence": (1, 1)},
        f"The network {WINS} running freely, but not better than persistence one step ahead.",
    ),
    (
        "each task has its strongest baseline",
        {"a": (2, 2)},
        {"persistence": (1, 0.3), "linear (sqrt)": (0.5, 0.5), "seasonal": (3, 0.1)},
        (
            "The network is not better than linear autoregression (sqrt) one step ahead, "
            "nor than the seasonal baseline running freely."
        ),
    ),
    ("one task lost", {"a": (2,)}, {"persistence": (1,)}, "The network is not better than persistence one step ahead."),
    (
        "nothing stays finite",
        {"a": (0.5, None)},
        {"persistence": (1, None)},
        "The network is better than every baseline one step ahead, but not better than the baselines running freely.",
    ),
    ("exact tie at zero", {"a": (0, 0)}, {"linear": (0, 0)}, f"The network {LOSES}"),
    (
        "diverged network",
        {"a": (0.5, None)},
        {"persistence": (1, 1)},
        f"The network {WINS} one step ahead, but not better than persistence running freely.",
    ),
    ("diverged baselines", {"a": (0.5, 0.5)}, {"persistence": (1, None)}, f"The network {WINS}, {BOTH}."),
    ("no free run", {"a": (0.5,)}, {"persistence": (1,)}, f"The network {WINS}, one step ahead."),
    (
        "no baseline",
        {"a": (0.5, 1)},
        {},
        "No baseline was scored, so it is not known whether the network is worth having.",
    ),
    (
        "nothing in common",
        {"a": (0.5,)},
        {"persistence": ()},
        "Networks and baselines have no score in common, so they cannot be compared.",
    ),
    ("no network", {}, {"persistence": (1, 1)}, "No network was scored."),
]


@pytest.mark.parametrize(
    ("models", "baselines", "expected"), [case[1:] for case in HEADLINES], ids=[case[0] for case in HEADLINES]
)
def test_headline(models: dict[str, Any], baselines: dict[str, Any], expected: str) -> None:
    assert verdict(scores(models, baselines))[0] == expected


COMPARISONS = [
    (0.88, 1.0, "a has an RMSE of 0.88 m: 12 % below linear autoregression (1 m)."),
    (1.5, 1.0, "a has an RMSE of 1.5 m: 50 % above linear autoregression (1 m)."),
    (12.0, 1.0, "a has an RMSE of 12 m: 12 times that of linear autoregression (1 m)."),
    (0.01, 1.0, "a has an RMSE of 0.01 m: 100 times smaller than that of linear autoregression (1 m)."),
    (1.001, 1.0, "a has an RMSE of 1 m: as good as linear autoregression (1 m)."),
    (0.0, 1.0, "a has an RMSE of 0 m: below linear autoregression (1 m)."),
    (1.0, 0.0, "a has an RMSE of 1 m: above linear autoregression (0 m)."),
    (1.0, None, "a has an RMSE of 1 m; linear autoregression diverged."),
    (None, 1.0, "the network diverged; linear autoregression did not (1 m)."),
    (None, None, "the network diverged."),
]


@pytest.mark.parametrize(("network", "linear", "expected"), COMPARISONS)
def test_both_comparisons_read_alike(network: float | None, linear: float | None, expected: str) -> None:
    sentences = verdict(scores({"a": (network, network)}, {"linear": (linear, linear)}, unit="m"))
    assert f"One step ahead, {expected}" in sentences
    assert f"Running freely, {expected}" in sentences


def test_baselines_are_listed_from_the_best() -> None:
    sentence = verdict(scores({"a": (1.0,)}, {"persistence": (4.0,), "seasonal": (1.6,), "linear": (1.25,)}))[1]
    assert sentence == (
        "One step ahead, a has an RMSE of 1: 20 % below linear autoregression (1.25), "
        "38 % below the seasonal baseline (1.6) and 75 % below persistence (4)."
    )


def test_each_task_names_its_own_best_network() -> None:
    sentences = verdict(scores({"a": (1.0, 4.0), "b": (2.0, None), "c": (3.0, 3.0)}, {"persistence": (5.0, 5.0)}))
    assert sentences[1].startswith("One step ahead, a has")
    assert sentences[2].startswith("Running freely, c has")


def test_missing_free_run_is_said() -> None:
    assert "No free run was scored" in verdict(scores({"a": (1.0,)}, {"persistence": (5.0,)}))[-1]


@pytest.mark.parametrize(
    ("network", "persistence", "r2", "misleads"),
    [
        (0.0133, 0.00111, 0.9989, True),
        (1.0, 1.0, 0.95, True),
        (1.0, 2.0, 0.9989, False),
        (2.0, 1.0, 0.5, False),
        (2.0, 1.0, None, False),
    ],
)
def test_high_r2_is_called_misleading_where_persistence_is_no_worse(
    network: float, persistence: float, r2: float | None, misleads: bool
) -> None:
    sentences = verdict(scores({"a": (network, 1.0, r2)}, {"persistence": (persistence, 1.0)}))
    assert any("misleads" in sentence for sentence in sentences) == misleads
    if not misleads:
        assert not any("R²" in sentence for sentence in sentences)


@pytest.mark.parametrize(("nrmse", "is_linear"), [(3e-4, True), (0.00999, True), (1e-2, False), (None, False)])
def test_linear_records_need_no_network(nrmse: float | None, is_linear: bool) -> None:
    sentences = verdict(scores({"a": (1.0, 1.0)}, {"linear": (0.1, 0.1, None, nrmse)}))
    assert any("does not need a network" in sentence for sentence in sentences) == is_linear


def test_a_record_may_be_linear_under_a_transform() -> None:
    rows = {"linear": (0.1, 0.1, None, 0.5), "linear (sqrt)": (0.1, 0.1, None, 0.002)}
    assert verdict(scores({"a": (1.0, 1.0)}, rows))[-1] == (
        "Linear autoregression (sqrt) runs freely with an NRMSE of 0.002: "
        "the record, under sqrt, obeys a linear equation to that accuracy, and does not need a network."
    )


def test_the_network_of_a_fit_is_called_so() -> None:
    sentences = verdict(scores({"network": (1.0, 2.0)}, {"persistence": (2.0, 4.0)}, unit="m"))
    assert sentences[1] == "One step ahead, the network has an RMSE of 1 m: 50 % below persistence (2 m)."


def test_other_baselines_keep_their_names() -> None:
    assert "below echo state network (2)" in verdict(scores({"a": (1.0,)}, {"echo state network": (2.0,)}))[1]


def test_scores_on_rows_that_were_seen_are_warned_of_first() -> None:
    scores = {"models": {"lstm": {"rmse": 0.1}}, "baselines": {"persistence": {"rmse": 0.2}}, "rows": 9}
    assert "flatter" not in " ".join(verdict(scores | {"seen_rows": 0}))
    warned = verdict(scores | {"seen_rows": 4})
    assert warned[0] == "4 of 9 scored rows were in the training or validation part: these scores flatter."
    assert warned[1:] == verdict(scores)


def likely(own: float, theirs: float) -> list[str]:
    return verdict({
        "models": {"network": {"rmse": 1.0, "log_likelihood": own}},
        "baselines": {
            "persistence": {"rmse": 2.0, "log_likelihood": -9.0},
            "linear": {"rmse": 2.0, "log_likelihood": theirs},
            "esn": {"rmse": 2.0},
        },
    })


def test_likelihoods_are_compared_in_nats_and_in_words() -> None:
    assert likely(-4.0, -4.5)[-1] == (
        "The network tells distributions of −4 nats per step, 0.5 more than linear autoregression with normal errors "
        "(−4.5): a value is 1.65 times as likely to the network, in the geometric mean."
    )
    assert likely(-4.5, -4.0)[-1].endswith("1.65 times as likely to linear autoregression, in the geometric mean.")
    assert "as good as those of linear autoregression with normal errors" in likely(-4.0, -4.001)[-1]
    assert "times as likely" in likely(1000.0, -4.0)[-1]


CONTROLLED = scores(
    {"network": (1.0, 1.0)}, {"persistence": (50.0, 90.0), "linear": (2.0, 20.0), "esn": (0.5, 30.0)}, unit="K"
) | {"controls": ["power"]}


def test_under_controls_a_network_is_praised_against_those_that_are_told_them() -> None:
    sentences = verdict(CONTROLLED)
    assert sentences[0] == (
        "The network is better than every baseline that is also told the power running freely, but not better than the "
        "echo state network one step ahead."
    )
    # A baseline that is told less is named where the network loses to it, and nowhere else.
    assert sentences[1] == (
        "One step ahead, the network has an RMSE of 1 K: 100 % above the echo state network (0.5 K) and 50 % below "
        "linear autoregression (2 K)."
    )
    assert sentences[2].endswith("an RMSE of 1 K: 20 times smaller than that of linear autoregression (20 K).")
    assert sentences[-1] == (
        "Told the power of each row that is forecast: network and linear autoregression. Not told: persistence, esn."
    )


def test_where_the_network_diverged_those_that_are_told_less_are_named_too() -> None:
    lost = CONTROLLED | {"models": {"network": {"rmse": None, "free_run_rmse": None}}}
    assert "persistence did not (50 K)" in verdict(lost)[1]


def test_without_controls_nothing_is_said_of_them() -> None:
    assert "50 times smaller than that of persistence" in verdict(CONTROLLED | {"controls": []})[1]
    assert "told the power" not in " ".join(verdict(CONTROLLED | {"controls": []}))
