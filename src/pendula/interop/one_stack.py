"""Which networks another tool can be given."""

from pendula.errors import ArgumentError
from pendula.nn import AnyForecaster, EnsembleForecaster, Forecaster

__all__ = ["one_stack"]


def one_stack(forecaster: AnyForecaster, *, argument: str, becomes: str) -> Forecaster:
    """Make sure that a forecaster is one recurrent stack with its head.

    Args:
        forecaster: The forecaster.
        argument: What messages call it.
        becomes: What it is to become there, such as ONNX.

    Returns:
        The forecaster itself.

    Raises:
        ArgumentError: If it is a reservoir, an equation or an ensemble, or has controls.

    Examples:
        >>> from pendula.nn import Network, build
        >>> member = build(Network(hidden_size=4), 1)
        >>> one_stack(member, argument="model", becomes="ONNX") is member
        True
        >>> one_stack(EnsembleForecaster([member, member]), argument="model", becomes="ONNX")
        Traceback (most recent call last):
        pendula.errors.ArgumentError: `model` must be one network to become ONNX: expected one, got an ensemble of 2...
    """
    if isinstance(forecaster, Forecaster):
        if forecaster.controls:
            raise ArgumentError(
                f"`{argument}` must read its own values alone to become {becomes}: got {forecaster.controls} columns "
                "of controls or of what is missing beside them. Use it in Pendula."
            )
        return forecaster
    if isinstance(forecaster, EnsembleForecaster):
        raise ArgumentError(
            f"`{argument}` must be one network to become {becomes}: expected one, got an ensemble of "
            f"{len(forecaster.members)}, each of which runs freely by itself. Train one network."
        )
    raise ArgumentError(
        f"`{argument}` must be a trained recurrent network to become {becomes}: expected the cell rnn, gru or lstm, "
        f"got {forecaster.network.cell}, which is not a stack of layers. Train one of the others."
    )
