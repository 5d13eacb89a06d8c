"""The cell is the systems' own step, the lecture's update, and a differentiable one."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import ArgumentError, ShapeError
from pendula.nn import AddedRate, IntegratorCell, unroll
from pendula.systems import SYSTEMS, Flow, Oscillator, Pendulum, integrate, make_system

FLOWS = [name for name, kind in SYSTEMS.items() if issubclass(kind, Flow)]
LEARNED = ("gamma", "drive", "drive_frequency", "omega0")
numbers = st.floats(-3.0, 3.0)


def double(*values):
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize("method", ["euler", "rk4"])
@pytest.mark.parametrize("name", FLOWS)
def test_unrolled_cell_is_the_integrator_bit_for_bit(name, method):
    system = make_system(name)
    cell = IntegratorCell(name, dt=0.02, method=method, substeps=3)
    run = unroll(cell, double(*system.initial_state), 40)
    expected = integrate(system.derivative, system.initial_state, dt=0.02, samples=41, method=method, substeps=3)
    # The same operations on the same numbers; torch's and NumPy's sine may differ in the last bit.
    np.testing.assert_allclose(run, expected, rtol=1e-13, atol=1e-13)


@given(x=numbers, v=numbers, force=numbers, eta=numbers, dt=st.floats(1e-3, 0.5))
def test_euler_is_the_lectures_cell(x, v, force, eta, dt):
    cell = IntegratorCell(Oscillator(gamma=eta / 2, drive=0.0), dt=dt, method="euler")
    moved = cell(double(x, v), 0.0, double(0.0, force))
    np.testing.assert_allclose(moved, [x + dt * v, v + dt * (force - eta * v - x)], rtol=1e-12, atol=1e-12)


def test_each_of_a_batch_has_its_own_time_and_force():
    cell = IntegratorCell("pendulum", dt=0.1)
    states, times = torch.randn(3, 2, dtype=torch.float64, generator=torch.manual_seed(0)), double(0.0, 1.5, 7.0)
    forces = torch.randn(3, 4, 2, dtype=torch.float64, generator=torch.manual_seed(1))
    together = unroll(cell, states, 4, start=times, force=forces)
    alone = [unroll(cell, states[i], 4, start=float(times[i]), force=forces[i]) for i in range(3)]
    np.testing.assert_allclose(together, torch.stack(alone), rtol=1e-14)


def test_a_held_force_is_integrated_exactly_where_the_rate_is_constant():
    cell = IntegratorCell(lambda _, state: (state[1], 0 * state[0]), dt=0.5, components=["x", "v"])
    run = unroll(cell, double(0.0, 0.0), 4, force=double(0.0, 2.0).expand(4, 2))
    np.testing.assert_allclose(run[:, 0], np.square(0.5 * np.arange(5)), rtol=1e-14)  # x = ½ a t²


def test_orders_of_convergence_are_1_and_4():
    exact = Oscillator().exact([2.0])[0]
    for method, order in (("euler", 1), ("rk4", 4)):
        errors = []
        for steps in (40, 80):
            run = unroll(IntegratorCell("oscillator", dt=2.0 / steps, method=method), double(1.0, 0.0), steps)
            errors.append(np.abs(run[-1].numpy() - exact).max())
        assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.1)


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_back_propagation_through_time_agrees_with_finite_differences(method):
    cell = IntegratorCell(Pendulum(drive=0.7), dt=0.1, learn=LEARNED, method=method)
    names = [name for name, _ in cell.named_parameters()]

    def run(initial, *values):
        return torch.func.functional_call(Run(cell), dict(zip(names, values, strict=True)), (initial,))

    class Run(torch.nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.learned, self.inner = inner.learned, inner

        def forward(self, initial):
            return unroll(self.inner, initial, 6)

    initial = double(1.0, 0.5).requires_grad_()
    values = [value.detach().clone().requires_grad_() for value in cell.parameters()]
    assert torch.autograd.gradcheck(run, (initial, *values))


def test_gradients_are_those_of_the_closed_form():
    # RK4 with Δt = 0.01 is exact to 1e-9; so are its derivatives, against differences of the exact solution.
    cell = IntegratorCell("oscillator", dt=0.01, learn=["gamma", "drive"])
    initial = torch.nn.Parameter(double(1.0, 0.0))
    unroll(cell, initial, 500)[-1, 0].backward()

    def slope(**changes):
        high, low = ({name: value + side * 1e-5 for name, value in changes.items()} for side in (1, -1))
        difference = Oscillator(**high).exact([5.0])[0, 0] - Oscillator(**low).exact([5.0])[0, 0]
        return difference / 2e-5

    found = [cell.learned["gamma"].grad, cell.learned["drive"].grad, *initial.grad]
    expected = [slope(gamma=0.2), slope(drive=1.0), slope(x0=1.0), slope(v0=0.0)]
    np.testing.assert_allclose([each.item() for each in found], expected, rtol=1e-7)


def test_descent_through_time_learns_a_parameter_and_a_hidden_initial_value():
    truth = torch.as_tensor(Oscillator(gamma=0.4, v0=0.7).exact(0.1 * np.arange(60))[:, 0])
    cell = IntegratorCell(Oscillator(gamma=0.1), dt=0.1, learn=["gamma"])
    initial = torch.nn.Parameter(double(1.0, 0.0))
    descent = torch.optim.LBFGS([*cell.parameters(), initial], max_iter=40, line_search_fn="strong_wolfe")

    def loss():
        descent.zero_grad()
        misfit = (unroll(cell, initial, 59)[:, 0] - truth).square().mean()
        misfit.backward()
        return misfit

    descent.step(loss)
    # The limit is RK4's own error at Δt = 0.1.
    np.testing.assert_allclose([cell.learned["gamma"].item(), *initial.tolist()], [0.4, 1.0, 0.7], atol=1e-5)


def test_float32_runs_in_float32():
    cell = IntegratorCell("oscillator", dt=0.01, learn=["gamma"], dtype=torch.float32)
    run = unroll(cell, torch.tensor([[1.0, 0.0]]), 200, start=torch.zeros(1, dtype=torch.float64))
    assert run.dtype == torch.float32
    np.testing.assert_allclose(run[0, -1].detach(), Oscillator().exact([2.0])[0], rtol=1e-5)


def test_an_added_network_writes_to_its_components_alone():
    friction = torch.nn.Linear(1, 1, bias=False, dtype=torch.float64)
    torch.nn.init.constant_(friction.weight, -0.6)
    cell = IntegratorCell(Oscillator(gamma=0.0), dt=0.05, added=AddedRate(friction, reads=["v"], writes=["v"]))
    known = IntegratorCell(Oscillator(gamma=0.3), dt=0.05)
    start = double(1.0, -0.5)
    np.testing.assert_allclose(unroll(cell, start, 30).detach(), unroll(known, start, 30), rtol=1e-12)


def test_a_right_hand_side_of_ones_own_brings_its_parameters():
    class Decay(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.rate = torch.nn.Parameter(torch.tensor(0.5, dtype=torch.float64))

        def forward(self, _, state):
            return -self.rate * state

    cell = IntegratorCell(Decay(), dt=0.1, components=["n"])
    end = unroll(cell, double(1.0), 10)[-1, 0]
    end.backward()
    assert end.item() == pytest.approx(np.exp(-0.5), rel=1e-6)
    assert cell.system.rate.grad.item() == pytest.approx(-np.exp(-0.5), rel=1e-5)


def test_weights_have_names_that_last():
    cell = IntegratorCell("oscillator", dt=0.1, learn=["gamma", "drive"])
    assert set(cell.state_dict()) == {"learned.gamma", "learned.drive"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"system": "henon"}, r"`system` must be a flow, its name or a right-hand side: expected .*, got henon"),
        ({"system": "oscilator"}, r"`system` must name a system: got `oscilator`\. Did you mean `oscillator`"),
        ({"system": lambda _, state: state}, r"`components` must name the state of a right-hand side of your own"),
        ({"learn": ["gama"]}, r"`learn` must name parameters of `oscillator`: got `gama`\. Did you mean `gamma`"),
        ({"learn": ["x0"]}, r"`learn` must name parameters of `oscillator`: got `x0`"),
        ({"system": "lorenz96", "learn": ["sites"]}, r"`learn` must name parameters of `lorenz96`: got `sites`"),
        (
            {"system": lambda _, state: state, "components": ["x"], "learn": ["k"]},
            r"`learn` must be left out for a right-hand side of your own",
        ),
        ({"dt": 0.0}, r"`dt` must be positive: expected a finite interval, got 0\.0"),
        ({"method": "rk5"}, r"`method` must name a step: got `rk5`\. Did you mean `rk4`"),
        ({"substeps": 0}, r"`substeps` must be a positive whole number: expected 1 or more, got 0"),
        (
            {"added": AddedRate(torch.nn.Identity(), reads=["w"], writes=["v"])},
            r"`reads` must name components of the state: got `w`\. Known are `x`, `v`",
        ),
    ],
)
def test_mistakes_are_named(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        IntegratorCell(**{"system": "oscillator", "dt": 0.1, **arguments})


def test_a_state_of_another_size_is_named():
    cell = IntegratorCell("oscillator", dt=0.1)
    with pytest.raises(
        ShapeError, match=r"`state` must hold the components x, v along its last axis: expected 2, got 3"
    ):
        cell(double(1.0, 2.0, 3.0))
    with pytest.raises(ArgumentError, match=r"`steps` must not be negative: expected 0 or more, got -1"):
        unroll(cell, double(1.0, 2.0), -1)
