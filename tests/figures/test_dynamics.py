"""The panels of dynamics show what they are given."""

import numpy as np

from pendula.figures import (
    MarkedPoint,
    draw_bifurcations,
    draw_eigenvalues,
    draw_lyapunov,
    draw_memory,
    draw_state_space,
    png,
)


def test_eigenvalues_stand_with_the_unit_circle():
    axes = draw_eigenvalues({"a": np.array([2.0 + 0j]), "b": np.array([0.1 + 0.2j, 0.1 - 0.2j])})
    assert axes.get_xlim()[1] >= 2
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]
    assert png(axes.figure)


def test_exponents_of_minus_infinity_are_left_out():
    t = np.arange(1.0, 30.0)
    history = np.column_stack([1 / t, np.full_like(t, -np.inf)])
    axes = draw_lyapunov(t, history, exponents=np.array([0.1, -np.inf]), errors=np.array([0.01, 0.0]))
    assert len([line for line in axes.lines if len(line.get_xdata()) == len(t)]) == 1
    assert png(axes.figure)


def test_memory_on_both_scales():
    assert draw_memory({"net": np.array([1.0, 0.5, 0.0])}).get_ylim()[1] > 1
    assert draw_memory({"a": np.array([1.0, 0.0]), "b": np.ones(2)}, logarithmic=True).get_yscale() == "log"


def test_bifurcations_show_order_and_chaos():
    axes = draw_bifurcations(
        np.array([1.0, 2.0, 3.0]), [np.zeros(2), np.ones(3), np.ones(1)], chaotic=np.array([False, True, False])
    )
    assert sorted(len(line.get_xdata()) for line in axes.lines) == [3, 3]
    assert png(axes.figure)


def test_state_space_in_two_and_three_dimensions():
    turn = np.linspace(0, 6, 50)
    for orbit in (np.column_stack([np.cos(turn), np.sin(turn)]), np.column_stack([np.cos(turn), np.sin(turn), turn])):
        width = orbit.shape[1]
        points = [
            MarkedPoint(at=np.zeros(width), kind="saddle", growing=np.eye(width)[:1], decaying=np.eye(width)[1:2]),
            MarkedPoint(at=np.ones(width), kind="stable"),
        ]
        axes = draw_state_space([orbit], points)
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["saddle", "stable"]
        assert (axes.name == "3d") == (width == 3)
        assert png(axes.figure)
