import math

import numpy as np
import torch

from pendula.systems import Henon, Logistic, iterate


def test_logistic_at_four_is_an_angle_that_doubles():
    system = Logistic(x0=math.sin(0.3) ** 2)
    run = iterate(system.successor, system.initial_state, samples=20)[:, 0]
    np.testing.assert_allclose(run, np.sin(0.3 * 2.0 ** np.arange(20)) ** 2, atol=1e-9)


def test_logistic_exponent_and_moments(fact):
    system = Logistic()
    x = iterate(system.successor, system.initial_state, samples=50_000)[:, 0]
    exponent = np.log(np.abs(system.r * (1 - 2 * x))).mean()
    np.testing.assert_allclose(exponent, fact(system, "Lyapunov exponent"), atol=5e-3)
    np.testing.assert_allclose([x.mean(), x.var()], [fact(system, "mean"), fact(system, "variance")], atol=5e-3)


def test_logistic_fixed_point(fact):
    system = Logistic(r=2.8)
    point = fact(system, "fixed point")
    np.testing.assert_allclose(system.successor((point,)), [point])
    assert "Lyapunov exponent" not in {each.name for each in system.facts()}
    np.testing.assert_allclose(iterate(system.successor, [0.4], samples=300)[-1], [point])


def test_henon_exponents(fact):
    system = Henon()
    states = iterate(system.successor, system.initial_state, samples=20_000)[100:]
    tangents, total = np.eye(2), np.zeros(2)
    for x in states[:, 0]:
        tangents, stretch = np.linalg.qr(np.array([[-2 * system.a * x, 1.0], [system.b, 0.0]]) @ tangents)
        total += np.log(np.abs(np.diag(stretch)))
    measured = total / len(states)
    np.testing.assert_allclose(measured, fact(system, "Lyapunov exponents"), atol=0.01)
    np.testing.assert_allclose(measured.sum(), fact(system, "sum of Lyapunov exponents"), rtol=1e-10)
    assert "Lyapunov exponents" not in {each.name for each in Henon(a=1.2).facts()}


def test_maps_run_on_batches_and_tensors():
    starts = np.array([[0.1, 0.2, 0.3], [0.0, 0.1, 0.2]])
    system = Henon()
    batch = iterate(system.successor, starts, samples=30)
    single = [iterate(system.successor, start.tolist(), samples=30) for start in starts.T]
    np.testing.assert_array_equal(batch, np.stack(single, axis=-1))
    x = torch.tensor(starts, requires_grad=True)
    torch.stack(system.successor(x)).sum().backward()
    np.testing.assert_allclose(x.grad, [-2.8 * starts[0] + 0.3, np.ones(3)])
