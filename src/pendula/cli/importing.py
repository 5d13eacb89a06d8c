"""The command `import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from pendula.cli.options import AS_RECORDED, RecipeOptions, RecordOptions, listed
from pendula.cli.output import PLAIN, Output
from pendula.cli.whole import Whole
from pendula.errors import ArgumentError, ModelError

if TYPE_CHECKING:
    from pendula.cli.task import Task
    from pendula.interop.keras import KerasNetwork
    from pendula.interop.torch import TorchNetwork
    from pendula.nn import Forecaster
    from pendula.series.scaling import Scaler

__all__ = ["EXAMPLE", "import_model"]

EXAMPLE = """\
pendula import model.keras -o runs/mine && pendula analyze runs/mine
pendula import model.keras --data pendulum.csv --target x --center 0.12 --scale 0.81
pendula import model.h5 --data pendulum.csv --scaling standard --test-from 16
pendula import weights.pt --dt 0.1
"""

USUAL_WINDOW = 50


def import_model(
    model: Path,
    /,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    overwrite: bool = False,
    data: str | None = None,
    target: str | None = None,
    window: Whole | None = None,
    scaling: Literal["none", "standard", "range"] | None = None,
    center: str | None = None,
    scale: str | None = None,
    dt: float = 1.0,
    test: float | None = None,
    validation: float | None = None,
    test_from: str | None = None,
    seed: Whole = 0,
    reading: RecordOptions = AS_RECORDED,
    out: Output = PLAIN,
) -> None:
    """Take over a recurrent network that Keras or torch trained, for forecast, evaluate and analyze.

    Nothing in the file is run, and Keras need not be installed. Without a record the network's own free run stands in
    for one, so that analyze works; with a record it is scored beside the baselines.

    Args:
        model: A `.keras` or a legacy `.h5` file: SimpleRNN, LSTM or GRU layers with Dense ones after them; or a `.pt`
            file of torch: the weights of an RNN, LSTM or GRU with a linear layer after it.
        output: The run directory. [default: runs/ and the file's name]
        overwrite: Replace the run directory if it exists.
        data: A record to calibrate and score on: a file of data, or sunspots or co2.
        target: The columns that the network was shown, in its order, joined by commas; without a record, names for its
            channels.
        window: Steps of known past that it is shown. [default: those of the model's input, or 50]
        scaling: How values were scaled before the network saw them, if that can be found on the training part.
            [default: none]
        center: What was subtracted from the values, one number for each channel, joined by commas. [default: 0]
        scale: What they were divided by after that. [default: 1]
        dt: Time of a step where there is no record. [default: 1]
        test: Fraction of the record kept for the test, from its end. [default: 0.25]
        validation: Fraction of what remains, from its end, that calibrates the intervals. [default: 0.2]
        test_from: Time at which the test part starts, in place of --test.
        seed: Of the noise from which a free run without a record starts. [default: 0]
        reading: How the file of data is read.
        out: How to print.
    """
    from pendula.cli.chosen import chosen, chosen_lines
    from pendula.cli.reports import deliver_fit
    from pendula.forecasting import adopt

    network = _taken_over(model)
    forecaster = network.forecaster()
    _check_scaling(scaling, center=center, scale=scale, data=data)
    steps = window or network.window or USUAL_WINDOW
    given = None if center is None and scale is None else _scaler(center, scale, channels=forecaster.channels)
    if data is None:
        task = _alone(model, forecaster, given, window=steps, names=listed(target), dt=dt, seed=seed)
    else:
        options = RecipeOptions(window=steps, test=test, validation=validation, test_from=test_from, scaling=scaling)
        task = _with_record(data, forecaster, target=target, reading=reading, options=options)
    notes = (*task.notes, *_padding_note(network))
    run = output or Path("runs") / model.stem
    out.remark(*chosen_lines(task, network=_words(forecaster), training="elsewhere"), f"run       {run}", "")
    made = adopt(forecaster, task.record, task.recipe, scaler=given, notes=notes)
    out.remark(*(f"note      {found}" for found in made.notes[len(notes) :]))
    made.save(run, overwrite=overwrite)
    deliver_fit(made, run, chosen=chosen(task), out=out)


def _padding_note(network: "KerasNetwork | TorchNetwork") -> list[str]:
    padding = getattr(network, "padding", 0)
    added = (
        f"Layers of unequal sizes were filled up with {padding} units that stay at zero and forget at once: they "
        "change no output, and come last in every spectrum."
    )
    return [added] if padding else []


def _taken_over(model: Path) -> "KerasNetwork | TorchNetwork":
    if (suffix := model.suffix.lower()) in {".pt", ".pth"}:
        from pendula.interop.torch import from_torch

        return from_torch(model)
    if suffix in {".keras", ".h5", ".hdf5"}:
        from pendula.interop.keras import from_keras

        return from_keras(model)
    raise ModelError(
        f"`{model}` must be a network that can be imported: expected a .keras or .h5 file of Keras, or a .pt file of "
        f"torch with a state dictionary, got {suffix or 'no suffix'}. {_ADVICE.get(suffix, _SAVE)}"
    )


def _with_record(
    data: str, forecaster: "Forecaster", *, target: str | None, reading: RecordOptions, options: RecipeOptions
) -> "Task":
    from dataclasses import replace

    from pendula.cli.task import task_from

    task = task_from(data, target=target, config=None, data=reading, recipe=options)
    scaling = options.scaling or "none"
    recipe = replace(task.recipe, network=forecaster.network, scaling=scaling)
    return replace(task, recipe=recipe, notes=(*task.notes, _UNKNOWN))


def _alone(
    model: Path,
    forecaster: "Forecaster",
    scaler: "Scaler | None",
    *,
    window: int,
    names: tuple[str, ...],
    dt: float,
    seed: int,
) -> "Task":
    from pendula.cli.task import Task
    from pendula.forecasting import own_record
    from pendula.runs import Recipe

    channels = forecaster.channels
    names = names or (("x",) if channels == 1 else tuple(f"x{number + 1}" for number in range(channels)))
    if len(names) != channels:
        raise ArgumentError(
            f"`target` must name each channel of the network: expected {channels} names, got {', '.join(names)}. "
            "Leave it out to have them numbered."
        )
    if not 0 < dt < float("inf"):
        raise ArgumentError(f"`dt` must be positive: expected the time of a step, got {dt}. 1 counts steps.")
    plain = scaler or _scaler(None, None, channels=channels)
    rows = own_record(forecaster, window=window, center=plain.center, scale=plain.scale, names=names, dt=dt, seed=seed)
    recipe = Recipe(network=forecaster.network, window=window, scaling="none", test=0.0, validation=0.0, seed=seed)
    return Task(source=str(model), record=rows, recipe=recipe, notes=(_OWN,))


_SAVE = "Save it with model.save('name.keras') or torch.save(model.state_dict(), 'name.pt')."
_ADVICE = {
    ".onnx": "ONNX is written by `pendula export`, not read: import the file of the tool that it came from.",
    ".safetensors": "Load it into its model in torch, then torch.save(model.state_dict(), 'name.pt').",
}
_UNKNOWN = (
    "The network was trained elsewhere: if it saw rows of the test part there, its scores flatter, and if it was shown "
    "scaled values, give their center and scale."
)
_OWN = (
    "There was no record: the values are the network's own, from noise on, in free run. They say what it does, and "
    "nothing of how good it is; evaluate it on a file."
)


def _check_scaling(scaling: str | None, *, center: str | None, scale: str | None, data: str | None) -> None:
    numbers = center is not None or scale is not None
    if scaling in {"standard", "range"} and (numbers or data is None):
        rest = "center or scale, which say the same" if numbers else "no record to find it on"
        raise ArgumentError(
            f"`scaling` must be left out here: got {scaling} and {rest}. Give `--data`, or `--center` and `--scale`."
        )


def _scaler(center: str | None, scale: str | None, *, channels: int) -> "Scaler":
    import numpy as np

    from pendula.series.scaling import Scaler

    centers, scales = (_numbers(name, text, usual, channels) for name, text, usual in (
        ("center", center, 0.0), ("scale", scale, 1.0)
    ))  # fmt: skip
    return Scaler(kind="none", link="none", center=np.array(centers), scale=np.array(scales))


def _numbers(name: str, text: str | None, usual: float, channels: int) -> list[float]:
    if text is None:
        return [usual] * channels
    try:
        numbers = [float(number) for number in text.split(",")]
    except ValueError:
        numbers = []
    sound = all(abs(number) < float("inf") and (name == "center" or number > 0) for number in numbers)
    if len(numbers) != channels or not sound:
        kind = "numbers" if name == "center" else "positive numbers"
        raise ArgumentError(f"`{name}` must have {channels} {kind}, joined by commas: got {text}. Write --{name} 0.5.")
    return numbers


def _words(forecaster: "Forecaster") -> str:
    from pendula.report.numbers import counted

    network = forecaster.network
    layers = counted(network.num_layers, "layer")
    return f"{network.cell}, {counted(network.hidden_size, 'unit')}, {layers}"
