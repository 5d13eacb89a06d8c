"""Which way to learn suits which network."""

from pendula.errors import ArgumentError
from pendula.nn import INTEGRATOR, NEXT_GENERATION, RESERVOIR, Network
from pendula.training.settings import Method, Training

__all__ = ["method_for"]

OF_RESERVOIRS: tuple[Method, ...] = ("ridge",)
OF_EQUATIONS: tuple[Method, ...] = ("gauss-newton",)
OF_TRAINED_CELLS: tuple[Method, ...] = ("adam", "adamw", "nesterov", "hessian-free")


def method_for(network: Network, settings: Training) -> Method:
    """Find the method that trains a network.

    Args:
        network: The architecture.
        settings: How to train.

    Returns:
        The method of the settings; without one ridge for reservoirs, gauss-newton for a differential equation, and adam
        for the other cells.

    Raises:
        ArgumentError: If the method or the engine makes no sense for the cell or the head.

    Examples:
        >>> method_for(Network(cell="gru"), Training())
        'adam'
        >>> method_for(Network(cell="rnn"), Training(method="nesterov"))
        'nesterov'
    """
    cell: str = network.cell
    suiting, reason = _SUITING.get(cell, (OF_TRAINED_CELLS, _TRAINED))
    if cell in _SUITING and settings.engine != "pendula":
        raise ArgumentError(
            f"`engine` must be pendula for the cell {cell}: got {settings.engine}. {reason} Leave it out."
        )
    if network.head != "point":
        _check_likelihood(network, settings)
    if settings.method is None:
        return suiting[0]
    if settings.method not in suiting:
        raise ArgumentError(
            f"`method` must suit the cell: expected {' or '.join(suiting)} for {cell}, got {settings.method}. {reason}"
        )
    return settings.method


def _check_likelihood(network: Network, settings: Training) -> None:
    unsuited = {
        "method": settings.method == "hessian-free",
        "engine": settings.engine != "pendula",
        "horizon": settings.horizon > 1,
    }
    for name, (expected, reason) in _OF_LIKELIHOODS.items():
        if unsuited[name]:
            raise ArgumentError(
                f"`{name}` must be {expected} with the head {network.head}: got {getattr(settings, name)}. {reason} "
                "Leave it out."
            )


_OF_LIKELIHOODS = {
    "method": ("adam, adamw or nesterov", "Hessian-free optimization minimizes squared errors."),
    "engine": ("pendula", "Keras minimizes squared errors."),
    "horizon": ("1", "The likelihood of a record is a product of densities one step ahead."),
}

_TRAINED = (
    "Ridge regression trains the readout of a reservoir alone, and gauss-newton differential equations; choose "
    "cell='esn', 'ngrc' or 'integrator' for them."
)
_DRAWN = "The reservoir of an echo state network stays as it was drawn, and its readout has a closed solution."
_POLYNOMIAL = "The coefficients of a next-generation reservoir have a closed solution."
_PHYSICS = "A differential equation is fitted to the whole training part at once."
_SUITING = {
    RESERVOIR: (OF_RESERVOIRS, _DRAWN),
    NEXT_GENERATION: (OF_RESERVOIRS, _POLYNOMIAL),
    INTEGRATOR: (OF_EQUATIONS, _PHYSICS),
}
