"""What the pages of quantities and of labels told from inputs have in common."""

from pendula.report.facts import CELL_NAMES
from pendula.report.learning_figures import loss_sheet
from pendula.report.numbers import format_number
from pendula.report.page import ReportFigure
from pendula.runs import PairedFit

__all__ = ["idle_path_note", "network_facts", "told_losses", "told_title", "training_facts"]


def told_title(fit: PairedFit) -> str:
    """Name a page.

    Args:
        fit: The fit.

    Returns:
        What is told from what, and by what.
    """
    told, shown = ", ".join(fit.recipe.target), ", ".join(fit.recipe.inputs)
    return f"{told} told from {shown} with {_ARTICLES[fit.recipe.network.cell]}"


def network_facts(fit: PairedFit) -> dict[str, object]:
    """Tell the sizes of a network.

    Args:
        fit: The fit.

    Returns:
        Rows of the settings.
    """
    network = fit.recipe.network
    return {
        "Cell": CELL_NAMES[network.cell],
        "Hidden size": network.hidden_size,
        "Layers": network.num_layers,
        "Parameters": sum(weights.numel() for weights in fit.model.network.parameters()),
        "Initial state": fit.recipe.initial_state,
    }


def training_facts(fit: PairedFit) -> dict[str, object]:
    """Tell how a network was trained.

    Args:
        fit: The fit.

    Returns:
        Rows of the settings.
    """
    training, done = fit.recipe.training, fit.history[-1].epoch if fit.history else 0
    return {
        "Method": f"{training.method or 'adam'}, batches of {training.batch_size}",
        "Learning rate": f"{format_number(training.learning_rate)}, {training.schedule}",
        "Epochs": f"{done} done of {training.epochs}, epoch {fit.best_epoch} kept",
        "Training time": f"{format_number(fit.seconds, digits=3)} s",
        "Seed": fit.recipe.seed,
    }


def told_losses(fit: PairedFit, *, caption: str, error: str = "RMSE (scaled)") -> ReportFigure | None:
    """Draw the learning curves.

    Args:
        fit: The fit.
        caption: What the curves are.
        error: What is measured on the validation part, with its unit.

    Returns:
        An image named losses; None where nothing was trained.
    """
    errors = [record.validation_one_step for record in fit.history]
    measured = {"network": errors} if any(each is not None for each in errors) else {}
    kept = f"The weights of epoch {fit.best_epoch} were kept." if measured else "The last epoch was kept."
    return loss_sheet(
        measured,
        {"training": [record.train_loss for record in fit.history if record.epoch > 0]},
        part="validation",
        first=0,
        kept=fit.best_epoch,
        who="the network",
        error=error,
        caption=f"{caption} {kept}",
    )


def idle_path_note(fit: PairedFit) -> list[str]:
    """Say that the training added nothing to the linear filter.

    Args:
        fit: The fit.

    Returns:
        One sentence where the kept epoch is 0, or none.
    """
    if fit.best_epoch > 0 or not fit.history:
        return []
    if fit.recipe.network.linear_lags:
        return ["The recurrent part added nothing: the kept epoch is 0, so this is the linear filter alone."]
    return ["Training made the network no better: the kept epoch is 0, so these are its weights before training."]


_ARTICLES = {"rnn": "an RNN", "gru": "a GRU", "lstm": "an LSTM"}
