"""Another framework in a process of its own, which is told line by line what to do.

A framework keeps the threads that it started with, so that each number of threads needs its own process. The race in
`cells.py` tells it when it is its turn; it answers with the seconds that its work took, measured here.

    prepare {workload, numbers: FILE.npz}   →  value and remark, or why it cannot be done
    run                                     →  seconds
"""

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple


class Ready(NamedTuple):
    """Work that lies ready.

    Attributes:
        run: Does it once, and gives the seconds that it took.
        value: What it came to after the third time, or None.
        remark: How it is done.
    """

    run: Callable[[], float]
    value: float | None
    remark: str


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
            answer({"seconds": ready.run()})
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
