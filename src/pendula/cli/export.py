"""The command `export`."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from pendula.cli.output import PLAIN, Output

__all__ = ["EXAMPLE", "export"]

EXAMPLE = """\
pendula export runs/pendulum -o pendulum.onnx
pendula export runs/pendulum -o pendulum.onnx --kind step --precision float64
"""


def export(
    run: Path,
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    kind: Literal["window", "step"] = "window",
    precision: Literal["float32", "float64"] = "float32",
    overwrite: bool = False,
    seed: int | None = None,
    out: Output = PLAIN,
) -> None:
    """Write the model of a run as an ONNX graph, from physical values to physical values.

    Args:
        run: The run directory.
        output: File to write, .onnx.
        kind: window takes a series and forecasts what follows it; step takes one value and a state, and gives the
            forecast and the next state. [default: window]
        precision: Floating point of the graph. [default: float32]
        overwrite: Replace that file if it exists.
        seed: Has no effect: an export draws no random numbers.
        out: How to print.

    Raises:
        ArgumentError: If the file does not end with .onnx.
    """
    del seed
    from pendula.cli.folders import check_file
    from pendula.errors import ArgumentError
    from pendula.runs import load_forecast

    if output.suffix.lower() != ".onnx":
        raise ArgumentError(
            f"`--output` must have a known suffix: expected .onnx, got {output.suffix or 'none'}. "
            "ONNX is the format that is written."
        )
    check_file(output, overwrite=overwrite)
    fit = load_forecast(run)
    from pendula.interop.onnx import export_onnx, state_size

    export_onnx(fit.model, output, kind=kind, precision=precision)
    state = state_size(fit.model) if kind == "step" else None
    out.show(f"Wrote {output}: a {kind} of {', '.join(fit.model.names)} in {precision}.")
    out.result({
        "run": run,
        "file": output,
        "kind": kind,
        "precision": precision,
        "window": fit.model.window,
        "leads": fit.model.forecaster.network.leads,
        "state_size": state,
    })
