"""Several networks trained in one call, and made into one ensemble."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pendula.dynamics import FlowRecord
from pendula.forecasting.preparation import Prepared
from pendula.forecasting.watching import Watching
from pendula.nn import EnsembleForecaster, Forecaster
from pendula.runs import Recipe
from pendula.series.windows import Windows
from pendula.training import (
    EpochFinished,
    EpochRecord,
    Event,
    Listener,
    Outcome,
    Trained,
    TrainingFinished,
    train_ensemble,
)

__all__ = ["learn_members"]


def learn_members(
    prepared: Prepared, windows: Windows, recipe: Recipe, *, listener: Listener, checkpoint: Path | None
) -> tuple[Trained, tuple[FlowRecord, ...]]:
    """Train the members of an ensemble side by side, and join them.

    Args:
        prepared: Parts, values and fresh networks.
        windows: Of the training part.
        recipe: Every choice.
        listener: Hears the training's events, with the epochs of all members counted together.
        checkpoint: Folder for checkpoints, with some to go on from if there are any; None keeps nothing.

    Returns:
        What training came to, and what was seen of the gradients of the first member.

    Raises:
        DivergedError: If the training of a member leaves the finite numbers.
    """
    together = _Together(recipe, listener)
    first = Watching(
        prepared.forecasters[0],
        recipe,
        windows,
        listener=together.hear(0),
        folder=None if checkpoint is None else checkpoint.parent,
    )
    hearing: list[Listener] = [first, *(together.hear(number) for number in range(1, recipe.members))]
    made = train_ensemble(
        prepared.forecasters,
        windows,
        recipe.training,
        window=recipe.window,
        seeds=[recipe.seed + number for number in range(recipe.members)],
        validation=prepared.validation,
        checkpoint=checkpoint,
        resume=True,
        fingerprint=prepared.fingerprint,
        listener=lambda number, event: hearing[number](event),
    )
    for failure in (member.failure for member in made):
        if failure is not None:
            raise failure
    return _joined(made, together), first.records


class _Together:
    """Makes one stream of events of those of several members.

    Args:
        recipe: Every choice.
        listener: Hears the events.
    """

    def __init__(self, recipe: Recipe, listener: Listener) -> None:
        self._epochs = [0] * recipe.members
        self._most = recipe.members * recipe.training.epochs
        self._listener = listener

    def hear(self, number: int) -> Callable[[Event], None]:
        """Give the listener of a member.

        Args:
            number: The member.

        Returns:
            Its listener.
        """

        def listen(event: Event) -> None:
            if isinstance(event, EpochFinished):
                self._epochs[number] = event.record.epoch
                counted = replace(event.record, epoch=sum(self._epochs))
                self._listener(replace(event, record=counted, epochs=self._most))

        return listen

    def finish(self, event: TrainingFinished) -> None:
        """Tell that all members are done.

        Args:
            event: The last event.
        """
        self._listener(event)


def _joined(made: Sequence[Trained], together: _Together) -> Trained:
    members = [trained.forecaster for trained in made if isinstance(trained.forecaster, Forecaster)]
    stopped = all(trained.outcome is Outcome.STOPPED_EARLY for trained in made)
    trained = Trained(
        forecaster=EnsembleForecaster(members).eval(),
        history=_mean_history([trained.history for trained in made]),
        best_epoch=max(trained.best_epoch for trained in made),
        outcome=Outcome.STOPPED_EARLY if stopped else Outcome.COMPLETED,
        seconds=sum(trained.seconds for trained in made),
        engine=made[0].engine,
    )
    together.finish(TrainingFinished(outcome=trained.outcome, best_epoch=trained.best_epoch, seconds=trained.seconds))
    return trained


def _mean_history(histories: Sequence[Sequence[EpochRecord]]) -> tuple[EpochRecord, ...]:
    # An epoch is the mean over the members that went on to it.
    longest = max(map(len, histories))
    by_epoch = [[history[epoch] for history in histories if epoch < len(history)] for epoch in range(longest)]
    return tuple(
        replace(
            records[0],
            train_loss=_mean([record.train_loss for record in records]),
            validation_one_step=_mean([record.validation_one_step for record in records]),
            validation_free_run=_mean([record.validation_free_run for record in records]),
            gradient_norm=_mean([record.gradient_norm for record in records]),
        )
        for records in by_epoch
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
