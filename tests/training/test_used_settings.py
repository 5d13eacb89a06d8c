"""Settings that have an effect, and those that were changed in vain."""

import pytest

from pendula.nn import Equation, Network
from pendula.training import Training, idle_settings, used_settings


@pytest.mark.parametrize(("network", "used"), [
    (Network(cell="esn"), {"method": "ridge", "washout": 20}),
    (Network(cell="ngrc"), {"method": "ridge"}),
    (Network(cell="integrator", equation=Equation(system="pendulum")), {"method": "gauss-newton"}),
])  # fmt: skip
def test_what_is_solved_for_has_no_epochs(network, used):
    settings = Training(epochs=7, batch_size=4, washout=20)
    assert used_settings(network, settings) == used
    names = [name for name in ("epochs", "batch_size", "washout") if name not in used]
    told = ", ".join(f"`{name}`" for name in names)
    assert idle_settings(network, settings) == [f"The method {used['method']} has no use for {told}."]


def test_the_method_is_told_where_none_was_chosen():
    assert used_settings(Network(), Training())["method"] == "adam"


@pytest.mark.parametrize(("method", "changed", "idle"), [
    ("adam", {"momentum": 0.9}, "`momentum`"),
    ("hessian-free", {"learning_rate": 0.1, "clip_norm": 2.0}, "`learning_rate`, `clip_norm`"),
])  # fmt: skip
def test_a_method_of_epochs_tells_what_it_does_not_look_at(method, changed, idle):
    found = idle_settings(Network(cell="rnn"), Training(method=method, epochs=3, **changed))
    assert found == [f"The method {method} has no use for {idle}."]
    assert idle_settings(Network(cell="rnn"), Training(method="nesterov", momentum=0.9, epochs=3)) == []
