"""The other frameworks as contenders: each number of threads in a process of its own, in turns with Pendula."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from pendula.benchmark import Contender, Numbers, Rival, Workload, draw_numbers

HERE = Path(__file__).parent
FRAMEWORKS = {"jax": "with_jax", "keras": "with_keras"}


class Framework:
    """A framework, reached through processes of `worker.py`.

    Args:
        name: jax or keras.
        python: The interpreter that has it.
        wanted: Whether it is to run a workload.
    """

    def __init__(self, name: str, *, python: str, wanted: Callable[[Workload], bool]) -> None:
        self.name = name
        self.python = python
        self.wanted = wanted
        self.version = ""
        self.refusals: dict[str, str] = {}
        self._workers: dict[int, subprocess.Popen[str]] = {}
        self._closing = ExitStack()
        self._folder = Path(self._closing.enter_context(tempfile.TemporaryDirectory()))

    def __enter__(self) -> "Framework":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers.values():
            worker.stdin.close()
            try:
                worker.wait(timeout=5)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
            worker.stdout.close()
        self._closing.close()

    @property
    def is_installed(self) -> bool:
        """Whether the interpreter can import it."""
        code = f"from importlib.util import find_spec; raise SystemExit(find_spec({self.name!r}) is None)"
        return subprocess.run([self.python, "-c", code], check=False).returncode == 0

    def __call__(self, workload: Workload) -> Rival | None:
        """Lay a workload ready.

        Args:
            workload: What to compute.

        Returns:
            A contender, or None if it is not wanted here, or cannot do it.
        """
        if not self.wanted(workload):
            return None
        worker = self._worker(workload.threads)
        numbers = self._folder / "numbers.npz"
        _write(draw_numbers(workload), numbers)
        request = {"do": "prepare", "workload": workload.to_dict(), "numbers": str(numbers)}
        answer = _ask(worker, request)
        if "refused" in answer:
            self.refusals[workload.name] = answer["refused"]
            return None
        run = Contender(name=self.name, run=lambda: float(_ask(worker, {"do": "run"})["seconds"]), process=worker.pid)
        return Rival(contender=run, value=answer["value"], remark=answer["remark"])

    def _worker(self, threads: int) -> subprocess.Popen[str]:
        if threads not in self._workers:
            command = [self.python, "-W", "ignore", str(HERE / "worker.py"), FRAMEWORKS[self.name]]
            self._workers[threads] = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment(threads)
            )
            self.version = _answer(self._workers[threads])["version"]
        return self._workers[threads]


def _environment(threads: int) -> dict[str, str]:
    # XLA makes its pool of threads when it starts, as large as NPROC says.
    limits = {"NPROC": str(threads), "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "JAX_PLATFORMS": "cpu"}
    flags = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"} if threads == 1 else {}
    return os.environ | limits | quiet | flags


def _ask(worker: "subprocess.Popen[str]", request: dict[str, Any]) -> dict[str, Any]:
    worker.stdin.write(json.dumps(request) + "\n")
    worker.stdin.flush()
    return _answer(worker)


def _answer(worker: "subprocess.Popen[str]") -> dict[str, Any]:
    line = worker.stdout.readline()
    if not line:
        raise RuntimeError(f"the process of {worker.args} ended with code {worker.wait()}")
    return json.loads(line)


def _write(numbers: Numbers, path: Path) -> None:
    weights = {f"weights/{name}": array for name, array in numbers.weights.items()}
    tangents = {f"tangents/{name}": array for name, array in numbers.tangents.items()}
    others = {name: getattr(numbers, name) for name in ("head_weight", "head_bias", "inputs", "targets")}
    np.savez(path, **weights, **tangents, **others)
