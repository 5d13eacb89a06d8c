"""The lecture's own protocol, kept by name for comparison: it leaks."""

from pendula.errors import ArgumentError, did_you_mean
from pendula.nn import Cell, Network
from pendula.runs import Recipe
from pendula.training import Training

__all__ = ["PROTOCOLS", "check_protocol", "lecture_recipe", "protocol_notes"]

PROTOCOLS = ("leak-free", "lecture")
LEAKS = (
    "The lecture's protocol leaks: there is no validation part, and the test part is scored in every epoch, so that "
    "whoever looks at the curves chooses on the test part. Use it for comparison with the lecture only."
)
LEAK_FREE = (
    "Nothing leaks: the record is split first, scaling is fitted on the training part, the validation part chooses the "
    "epoch, and the test part is scored once."
)


def check_protocol(protocol: str) -> None:
    """Check the name of a protocol.

    Args:
        protocol: The name.

    Raises:
        ArgumentError: If there is no such protocol.
    """
    if protocol not in PROTOCOLS:
        raise ArgumentError(
            f"`protocol` must be leak-free or lecture: got {protocol}."
            + did_you_mean(str(protocol), PROTOCOLS, listed=True)
        )


def lecture_recipe(cell: Cell, *, epochs: int, window: int, seed: int) -> Recipe:
    """Give the lecture's way to train a network.

    Two layers of 64 units, values as they are, no validation part, Adam from 1e-3 in batches of 32, the weights of the
    last epoch; three quarters of the windows train, and the test part is scored in every epoch. One thing is not the
    lecture's: the learning rate falls along a cosine. At a constant rate the last epoch is a lottery, with test errors
    between 0.0026 and 0.0039 for the LSTM over ten seeds.

    Args:
        cell: rnn, lstm or gru.
        epochs: How many.
        window: Steps of known past.
        seed: Of weights and batches.

    Returns:
        The recipe.
    """
    return Recipe(
        network=Network(cell=cell, hidden_size=64, num_layers=2, residual=False, increments=False),
        training=Training(
            epochs=epochs,
            batch_size=32,
            learning_rate=1e-3,
            schedule="cosine",
            clip_norm=None,
            patience=None,
            select_by="last_epoch",
        ),
        window=window,
        scaling="none",
        cut="windows",
        watch="test",
        validation=0.0,
        baseline_lags=window,
        seed=seed,
    )


def protocol_notes(protocol: str) -> list[str]:
    """Say what a protocol does to the trust in its scores.

    Args:
        protocol: leak-free or lecture.

    Returns:
        Sentences.
    """
    if protocol == "lecture":
        return [LEAKS]
    return [LEAK_FREE]
