"""Another framework in a process of its own, which is told line by line what to do.

A framework keeps the threads that it started with, so that each number of threads needs its own process. The race in
`cells.py` tells it when it is its turn; it answers with the seconds that its work took, measured here.

    prepare {workload, numbers: FILE.npz}   →  value and remark, or why it cannot be done
    run                                     →  seconds

Short work is done once untimed and then repeated, as Pendula's and torch's in `pendula.benchmark.turns`.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

LEAST_SECONDS = 0.02


class Ready(NamedTuple):
    """Work that lies ready.

    Attributes:
        run: Does it, and gives the seconds that it takes once.
        value: What it came to after the third time, or None.
        remark: How it is done.
    """

    run: Callable[[], float]
    value: float | None
    remark: str

    def seconds(self) -> float:
        """Do the work, as often as it takes to time it.

        Returns:
            The seconds that it takes once.
        """
        began = time.perf_counter()
        found = [self.run()]
        if time.perf_counter() - began < LEAST_SECONDS:
            began, found = time.perf_counter(), []
            while time.perf_counter() - began < LEAST_SECONDS:
                found.append(self.run())
        return sum(found) / len(found)


def main() -> None:
    """Answer requests until there are no more."""
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    framework = import_module(sys.argv[1])
    ready: Ready | None = None

    def answer(content: dict[str, Any]) -> None:
        print(json.dumps(content), file=answers, flush=True)

    answer({"version": framework.version()})
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "run" and ready is not None:
            answer({"seconds": ready.seconds()})
            continue
        ready = None
        try:
            ready = framework.prepare(request["workload"], request["numbers"])
        except Exception as error:  # noqa: BLE001 # whatever it is, the race goes on without this framework
            answer({"refused": f"{type(error).__name__}: {error}"})
        else:
            answer({"value": ready.value, "remark": ready.remark})


if __name__ == "__main__":
    main()
