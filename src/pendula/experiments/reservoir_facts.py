"""What a report says of a reservoir."""

from pendula.nn import Reservoir

__all__ = ["reservoir_facts"]


def reservoir_facts(reservoir: Reservoir, *, units: int, penalty: float) -> dict[str, object]:
    """Say what a reservoir with a readout is like.

    Args:
        reservoir: Its settings.
        units: How many units it has.
        penalty: Ridge penalty of its readout.

    Returns:
        Values by name.

    Examples:
        >>> reservoir_facts(Reservoir(connections=0), units=100, penalty=1e-9)["connections of a unit"]
        'all'
    """
    return {
        "units": units,
        "topology": reservoir.topology,
        "spectral radius": reservoir.spectral_radius,
        "connections of a unit": reservoir.connections or "all",
        "input scaling": reservoir.input_scaling,
        "bias scaling": reservoir.bias_scaling,
        "leak": reservoir.leak,
        "direct links": reservoir.direct,
        "ridge penalty": penalty,
    }
