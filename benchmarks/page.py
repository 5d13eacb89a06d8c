"""The figures and the picture of docs/speed.md, from the JSON that `cells.py` writes.

    python benchmarks/page.py benchmarks/results/cells.json [MORE.json …]

A workload that stands in several files is taken from the last one.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from speed_figure import CELLS, NAMES, SHAPE, TASKS, is_usual, speed_figure

from pendula.benchmark import clock_text
from pendula.figures import save

PAGE, PICTURE = Path("docs/speed.md"), Path("docs/images/speed.png")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def main() -> None:
    """Write page and picture."""
    content = joined([json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:]])
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{measured(content)}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    save(speed_figure(content), PICTURE)


def joined(contents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Put several runs of one machine together.

    Args:
        contents: What `Report.to_dict` gave.

    Returns:
        The same for all of them.
    """
    names = ("task", "cell", "precision", "threads", *SHAPE)
    rows = {tuple(row[name] for name in names): row for content in contents for row in content["rows"]}
    gemm = {(each["precision"], each["threads"]): each for content in contents for each in content["gemm"]}
    versions = {name: version for content in contents for name, version in content["versions"].items()}
    return {**contents[-1], "rows": list(rows.values()), "gemm": list(gemm.values()), "versions": versions}


def measured(content: Mapping[str, Any]) -> str:
    """Write everything that was measured.

    Args:
        content: What `Report.to_dict` gives.

    Returns:
        Markdown.
    """
    rows = content["rows"]
    parts = [_machine(content), _usual(rows), _free_runs(rows), _grid(rows), _slower(rows)]
    return "\n\n".join(part for part in parts if part)


def _machine(content: Mapping[str, Any]) -> str:
    machine = content["machine"]
    rates = "; ".join(
        f"{gemm['rate'] / 1e9:.0f} GFLOP/s in {gemm['precision']} on {_threads(gemm['threads'])}"
        for gemm in content["gemm"]
    )
    versions = ", ".join(f"{NAMES[name]} {version}" for name, version in content["versions"].items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, kernels for {machine['instruction_set']}; "
        f"Python {machine['python']}, torch {machine['torch']}{', ' if versions else ''}{versions}. "
        f"Matrix products of torch, the best over all sizes: {rates}."
    )


def _usual(rows: Iterable[Mapping[str, Any]]) -> str:
    usual = sorted(
        filter(is_usual, rows), key=lambda row: (-row["threads"], row["precision"], CELLS.index(row["cell"]))
    )
    others = [name for name in NAMES if name in {key for row in usual for key in row["faster"]}]
    heads = ["", "Pendula", "of GEMM", "in epochs", *(f"{NAMES[name]} (times longer)" for name in others)]
    return _table(heads, [[_label(row), *_times(row), *(_other(row, name) for name in others)] for row in usual])


def _label(row: Mapping[str, Any]) -> str:
    return f"{row['cell'].upper()}, {row['precision']}, {_threads(row['threads'])}"


def _times(row: Mapping[str, Any]) -> list[str]:
    seconds, share = row["seconds"], row["gemm_share"]
    epoch = clock_text(seconds["pendula epoch"]["median"]) if "pendula epoch" in seconds else ""
    return [clock_text(seconds["pendula"]["median"]), f"{share['median']:.0%}" if share else "", epoch]


def _other(row: Mapping[str, Any], name: str) -> str:
    if name not in row["seconds"]:
        return ""
    ratios = [row[key][name]["median"] for key in ("faster", "epoch_faster") if name in row[key]]
    return f"{clock_text(row['seconds'][name]['median'])} ({', '.join(f'{ratio:.1f}' for ratio in ratios)})"


def _free_runs(rows: Iterable[Mapping[str, Any]]) -> str:
    chosen = [row for row in rows if row["task"] == "free_run" and row["time"] == 1000 and row["hidden_size"] == 64]
    chosen.sort(key=lambda row: (row["cell"], row["batch"], row["precision"], row["threads"]))
    lines = [
        [
            f"{row['cell'].upper()} 64 × {row['num_layers']}, {row['precision']}, {_threads(row['threads'])}",
            str(row["batch"]),
            *(clock_text(row["seconds"][name]["median"] / row["time"]) for name in ("pendula", "torch")),
            f"{row['faster']['torch']['median']:.1f}",
        ]
        for row in chosen
    ]
    return _table(["free run", "starts", "Pendula, a step", "torch, a step", "times longer"], lines) if lines else ""


def _grid(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for task in TASKS:
        for cell in CELLS:
            ratios = [row["faster"]["torch"]["median"] for row in rows if (row["task"], row["cell"]) == (task, cell)]
            if ratios:
                numbers = (min(ratios), float(np.median(ratios)), max(ratios))
                lines.append([TASKS[task], cell.upper(), str(len(ratios)), *(f"{number:.1f}" for number in numbers)])
    return _table(["all shapes", "", "measured", "times faster than torch: least", "median", "most"], lines)


def _slower(rows: Sequence[Mapping[str, Any]]) -> str:
    slower = [row for row in rows if row["slower"]]
    if not slower:
        return f"Of {len(rows)} measured shapes none is slower than torch by more than 5 %."
    lines = [f"- {_shape(row)}: {row['faster']['torch']['median']:.2f}" for row in slower]
    head = (
        f"Of {len(rows)} measured shapes {len(slower)} are slower than torch by more than 5 %; torch's time over ours:"
    )
    return "\n".join([head, "", *lines])


def _shape(row: Mapping[str, Any]) -> str:
    layers = f"{row['cell'].upper()} {row['hidden_size']} × {row['num_layers']}"
    lengths = f"batch {row['batch']}, {row['time']} steps"
    return f"{TASKS[row['task']]}, {layers}, {lengths}, {row['precision']}, {_threads(row['threads'])}"


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ["---"] * len(heads)
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, rule, *lines))


if __name__ == "__main__":
    main()
