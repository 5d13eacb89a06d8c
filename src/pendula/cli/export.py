"""The command `export`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from pendula.cli.output import PLAIN, Output
from pendula.cli.whole import Whole

if TYPE_CHECKING:
    from pendula.runs import Model
    from pendula.series.scaling import Scaler

__all__ = ["EXAMPLE", "export"]

EXAMPLE = """\
pendula export runs/pendulum -o pendulum.onnx
pendula export runs/pendulum -o pendulum.onnx --kind step --precision float64
pendula export runs/pendulum -o pendulum.keras
"""


def export(
    run: Path,
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    kind: Literal["window", "step"] | None = None,
    precision: Literal["float32", "float64"] | None = None,
    overwrite: bool = False,
    seed: Whole | None = None,
    out: Output = PLAIN,
) -> None:
    """Write the network of a run as an ONNX graph or a Keras model.

    An ONNX graph goes from physical values to physical values. A Keras model is the network alone: it is shown a window
    of scaled values and predicts the next one, scaled; the scaling is told.

    Args:
        run: The run directory.
        output: File to write: .onnx; or .keras or .h5, which need Keras.
        kind: Of an ONNX graph: window takes a series and forecasts what follows it; step takes one value and a state,
            and gives the forecast and the next state. [default: window]
        precision: Floating point of an ONNX graph. [default: float32]
        overwrite: Replace that file if it exists.
        seed: Has no effect: an export draws no random numbers.
        out: How to print.

    Raises:
        ArgumentError: If the file has another suffix, or a Keras model is to be of another kind.
    """
    del seed
    from pendula.cli.folders import check_file
    from pendula.runs import load_forecast

    suffix = output.suffix.lower()
    _check(output, suffix, kind=kind, precision=precision)
    check_file(output, overwrite=overwrite)
    model = load_forecast(run).model
    if suffix == ".onnx":
        written, said = _to_onnx(model, output, kind or "window", precision or "float32")
    else:
        written, said = _to_keras(model, output)
    out.show(f"Wrote {output}: {said}")
    out.result({
        "run": run,
        "file": output,
        "window": model.window,
        "leads": model.forecaster.network.leads,
        **written,
    })


def _check(output: Path, suffix: str, *, kind: str | None, precision: str | None) -> None:
    from pendula.errors import ArgumentError

    if suffix not in {".onnx", ".keras", ".h5"}:
        raise ArgumentError(
            f"`--output` must have a known suffix: expected .onnx, .keras or .h5, got {output.suffix or 'none'}. "
            "These are the formats that are written."
        )
    for name, value in (("kind", kind), ("precision", precision)):
        if value is not None and suffix != ".onnx":
            raise ArgumentError(
                f"`--{name}` must be left out with a Keras model: got {value}. It takes windows, in the precision of "
                "the network; ONNX has the choice."
            )


def _to_onnx(
    model: "Model", output: Path, kind: Literal["window", "step"], precision: Literal["float32", "float64"]
) -> tuple[dict[str, Any], str]:
    from pendula.interop.onnx import export_onnx, state_size

    export_onnx(model, output, kind=kind, precision=precision)
    state = state_size(model) if kind == "step" else None
    said = f"a {kind} of {', '.join(model.names)} in {precision}."
    return {"kind": kind, "precision": precision, "state_size": state}, said


def _to_keras(model: "Model", output: Path) -> tuple[dict[str, Any], str]:
    from pendula.interop.keras import save_keras

    save_keras(model.forecaster, output, window=model.window)
    scaler = model.scaler
    scaling = {"transform": scaler.link, "center": scaler.center.tolist(), "scale": scaler.scale.tolist()}
    return {"kind": "keras", **scaling}, f"windows of {model.window} steps of {_scaled(model.names, scaler)}."


def _scaled(names: Sequence[str], scaler: "Scaler") -> str:
    shown = [name if scaler.link == "none" else f"{scaler.link}({name})" for name in names]
    terms = zip(shown, scaler.center, scaler.scale, strict=True)
    return ", ".join(f"({name} - {center:.17g}) / {scale:.17g}" for name, center, scale in terms)
