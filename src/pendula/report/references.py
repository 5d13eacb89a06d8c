"""What a page cites: the equation of the forecaster, the sources of the cells, of heads and of intervals."""

from collections.abc import Sequence

from pendula.nn import RESERVOIRS, SOLVED
from pendula.report.equation_facts import equation_references
from pendula.report.page import Reference
from pendula.runs import Fit

__all__ = ["CELL_SOURCES", "network_references"]

_EQUATION = "x̂(t+1) = x(t) + Σⱼ A(j) x(t−j) + s (V h(t) + c),  h(t) = cell((x(t), Δx(t)/d), h(t−1))"
_CONTROLLED = (
    "x̂(t+1) = x(t) + Σⱼ A(j) (x(t−j), u(t+1−j)) + s (V h(t) + c),  h(t) = cell((x(t), Δx(t)/d, u(t+1)), h(t−1))"
)
CELL_SOURCES = {
    "rnn": Reference(name="Simple recurrent network", citation="J. L. Elman, Cognitive Science 14 (1990) 179."),
    "gru": Reference(name="Gated recurrent unit", citation="K. Cho et al., EMNLP 2014, section 2.3."),
    "lstm": Reference(
        name="Long short-term memory", citation="S. Hochreiter and J. Schmidhuber, Neural Computation 9 (1997) 1735."
    ),
    "esn": Reference(
        name="Echo state network",
        equation="x̂(t+1) = Vᵀ [h(t); x(t)] + c,  h(t) = (1 − a) h(t−1) + a tanh(W h(t−1) + U x(t) + b)",
        citation="H. Jaeger, GMD report 148 (2001). W, U and b are drawn and stay as they are; V and c are found by "
        "ridge regression. The forecast is the median of the members' free runs.",
    ),
    "ngrc": Reference(
        name="Next-generation reservoir",
        equation="x̂(t+1) = Vᵀ φ(t) + c,  φ(t) = all monomials up to the degree of x(t), x(t−s), …, x(t−(k−1)s)",
        citation="D. J. Gauthier et al., Nature Communications 12 (2021) 5564. V and c are found by ridge regression. "
        "The forecast is the median of the members' free runs.",
    ),
}
_MIXTURES = Reference(
    name="Likelihood head",
    equation="p(x(t+1)) = Σₖ wₖ N(x̂(t+1) + dₖ, Σₖ),  Σₖ wₖ dₖ = 0",
    citation="C. M. Bishop, Mixture density networks, Aston University NCRG/94/004 (1994); w, d and Σ are functions of "
    "the recurrent state.",
)
_INTERVALS = Reference(
    name="Split-conformal intervals",
    citation="J. Lei et al., Journal of the American Statistical Association 113 (2018) 1094, section 2.2.",
)


def network_references(fits: Sequence[Fit], *, intervals: bool = True) -> list[Reference]:
    """Cite what fits are made of.

    Args:
        fits: The fits.
        intervals: Whether intervals are shown.

    Returns:
        The equation of the forecaster, the cells, and the intervals where there are any.
    """
    cells = list(dict.fromkeys(fit.recipe.network.cell for fit in fits))
    conformal = [_INTERVALS] if intervals and any(fit.calibration is not None for fit in fits) else []
    own = [*equation_references(fits), *(CELL_SOURCES[cell] for cell in cells if cell in RESERVOIRS)]
    cells = [cell for cell in cells if cell not in SOLVED]
    if not cells:
        return [*own, *conformal]
    controls = next((fit.model.controls.names for fit in fits if fit.model.controls is not None), ())
    told = f" u, known for the rows to come, too: {', '.join(controls)}." if controls else ""
    forecaster = Reference(
        name="Forecaster",
        equation=_CONTROLLED if controls else _EQUATION,
        citation="x(t) is there if the network is residual, the sum if it has a linear path, Δx if it sees increments; "
        f"s and d are the sizes of what the head predicts and of the increments.{told}",
    )
    likely = [_MIXTURES] if any(fit.recipe.network.head != "point" for fit in fits) else []
    return [forecaster, *likely, *(CELL_SOURCES[cell] for cell in cells), *own, *conformal]
