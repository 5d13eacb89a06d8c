"""The addition problem within the published budgets: what is reached, and the way there.

A simple network with sparse initial weights and Nesterov's momentum over 80 steps, within 50 000 steps of 100 sequences
(I. Sutskever et al., ICML 2013, table 5: a share of 0.00025 wrong answers); and LSTMs over 100 steps, until they have
solved it (S. Hochreiter and J. Schmidhuber, 1997, section 5.4: after 74 000 sequences).

    python benchmarks/addition.py nesterov
    python benchmarks/addition.py lstm
"""

import argparse
import json
from pathlib import Path
from statistics import median
from typing import Any

from pendula.experiments import EXPERIMENTS, LongMemoryRun
from pendula.training import Event, Listener

RUNS = {
    "nesterov": LongMemoryRun(
        problem="addition",
        length=80,
        method="nesterov",
        cell="rnn",
        learning_rate=1.5e-3,
        momentum=0.998,
        schedule="cosine",
        radius=1.1,
        input_scale=0.1,
        wanted=0.001,
        minutes=600.0,
    ),
    "lstm": LongMemoryRun(problem="addition-1997", length=100, method="adam", cell="lstm", seeds=5),
}


def main() -> None:
    """Run one of the two, and write its numbers and its picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=RUNS)
    parser.add_argument("--folder", type=Path, default=Path("docs"))
    arguments = parser.parse_args()
    made = EXPERIMENTS["long-memory"].run(RUNS[arguments.which], _told)
    results: dict[str, Any] = dict(made.results)
    results["median_sequences"] = median(results["sequence_gradients"])
    name = f"addition-{arguments.which}"
    (arguments.folder / "images" / f"{name}.png").write_bytes(made.figures["long-memory"])
    (arguments.folder / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n")
    shown = ("wrong_fraction", "solved", "seconds", "sequence_gradients", "median_sequences")
    print(json.dumps({name: results[name] for name in shown}))


def _told(name: str) -> Listener:
    def hear(event: Event) -> None:
        print(name, event, flush=True)

    return hear


if __name__ == "__main__":
    main()
