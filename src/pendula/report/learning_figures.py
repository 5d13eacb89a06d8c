"""The figures of a training: errors on the part that it was watched on, and training loss, epoch by epoch."""

from collections.abc import Iterable, Mapping, Sequence

from pendula.figures import Quantity, draw_losses
from pendula.report.facts import watched_part
from pendula.report.page import ReportFigure
from pendula.report.sheets import draw_sheet
from pendula.runs import Fit

__all__ = ["learning_figure", "learning_figures", "loss_sheet"]

_LOSS = Quantity(name="training loss")
_LOSS_WORDS = (
    "The training loss is the mean squared error in units of what the head is to predict (as a rule the increments), "
    "so that the two panels cannot be compared with each other."
)

_LIKELY_WORDS = (
    " With a likelihood head an error one step ahead is the standard deviation that a normal distribution of the same "
    "likelihood would have, and the training loss its square."
)


def learning_figure(fit: Fit) -> ReportFigure | None:
    """Draw the learning curves of a fit: errors on the watched part on one panel, the training loss on another.

    They are measured in different units, so they do not share an axis.

    Args:
        fit: The fit.

    Returns:
        An image named losses; None where nothing was trained.
    """
    errors = {
        "one step": [record.validation_one_step for record in fit.history],
        "free run": [record.validation_free_run for record in fit.history],
    }
    validation = {name: values for name, values in errors.items() if any(value is not None for value in values)}
    loss = [record.train_loss for record in fit.history]
    # The first record is the network before training, which has no loss.
    trained = {"training": loss[1:] if fit.history and fit.history[0].epoch == 0 else loss}
    marked = _chosen_first(validation, fit.recipe.training.select_by)
    return loss_sheet(
        marked,
        trained,
        part=watched_part(fit),
        first=_first(fit),
        kept=fit.best_epoch,
        who="the network",
        **_of_likelihoods([fit]),
    )


def learning_figures(fits: Mapping[str, Fit]) -> ReportFigure | None:
    """Draw the learning curves of several fits of one record on common panels.

    Args:
        fits: By name.

    Returns:
        An image named losses; None where nothing was trained.
    """
    validation = {name: [record.validation_one_step for record in fit.history] for name, fit in fits.items()}
    measured = {name: values for name, values in validation.items() if any(value is not None for value in values)}
    loss = {name: [record.train_loss for record in fit.history if record.epoch > 0] for name, fit in fits.items()}
    first = min(map(_first, fits.values()))
    part = watched_part(next(iter(fits.values())))
    return loss_sheet(
        measured, loss, part=part, first=first, kept=None, who=", ".join(fits), **_of_likelihoods(fits.values())
    )


def loss_sheet(
    held_out: Mapping[str, Sequence[float | None]],
    trained: Mapping[str, Sequence[float | None]],
    *,
    part: str,
    first: int,
    kept: int | None,
    who: str,
    remark: str = "",
    error: str = "RMSE (scaled)",
    caption: str | None = None,
) -> ReportFigure | None:
    """Draw errors on a held-out part on one panel, the training loss on another.

    Args:
        held_out: Errors by name, one for each epoch.
        trained: Losses by name, one for each epoch.
        part: Name of the held-out part.
        first: The epoch that the held-out errors start at.
        kept: The epoch whose weights were kept, if there is one.
        who: Whose curves they are, for the alternative text.
        remark: What is said after the caption.
        error: What is measured on the held-out part, with its unit.
        caption: Stands under the image; that of forecasts when left out.

    Returns:
        An image named losses; None where nothing was trained.
    """
    panels = [
        (held_out, Quantity(name=f"{part} {error}"), f"{part.capitalize()}, before and after each epoch", first),
        ({name: values for name, values in trained.items() if values}, _LOSS, "Training", 1),
    ]
    drawn = [panel for panel in panels if panel[0]]
    if not drawn:
        return None
    return draw_sheet(
        "losses",
        len(drawn),
        beside=True,
        draw=lambda number, axes: draw_losses(
            drawn[number][0],
            best_epoch=kept,
            first_epoch=drawn[number][3],
            quantity=drawn[number][1],
            title=drawn[number][2],
            axes=axes,
        ),
        caption=(_caption(part if held_out else "", kept) if caption is None else caption) + remark,
        alt=f"Learning curves of {who} on logarithmic axes.",
    )


def _caption(part: str, kept: int | None) -> str:
    words = (
        f"The {part} error is the root mean square of one-step predictions in units of the scaled series, measured "
        "before training (epoch 0) and after each epoch."
        if part
        else "There is no validation part, so the weights of the last epoch were kept."
    )
    mark = f" The weights of epoch {kept} were kept." if part and kept is not None else ""
    return f"{words}{mark} {_LOSS_WORDS}"


def _of_likelihoods(fits: Iterable[Fit]) -> dict[str, str]:
    if all(fit.recipe.network.head == "point" for fit in fits):
        return {}
    return {"remark": _LIKELY_WORDS, "error": "error (scaled)"}


def _chosen_first(
    validation: Mapping[str, Sequence[float | None]], select_by: str
) -> dict[str, Sequence[float | None]]:
    # The kept epoch is marked on the first curve, which is to be the one that chose it.
    chosen = "free run" if select_by == "free_run" and "free run" in validation else "one step"
    return {name: validation[name] for name in sorted(validation, key=lambda name: name != chosen)}


def _first(fit: Fit) -> int:
    return fit.history[0].epoch if fit.history else 1
