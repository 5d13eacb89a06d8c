"""The script `benchmarks/cells.py`, on the smallest of grids."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pendula.benchmark import Workload

SCRIPTS = Path(__file__).parents[2] / "benchmarks"
TINY = ("--cells", "rnn", "--batch", "1", "--time", "2", "--hidden", "2", "--layers", "1", "--threads", "1")
ONCE = ("--seconds", "1e-6", "--fewest", "1", "--gemm", "8")

FAKE = """
from worker import Ready

def version():
    print("libraries print, too")
    return "1.0"

def prepare(workload, numbers):
    import numpy as np
    with np.load(numbers) as held:
        names = sorted(held.files)
    if workload["cell"] == "gru":
        raise NotImplementedError("no gru")
    return Ready(run=lambda: 0.25, value=float(len(names)), remark=names[0])
"""


def script(*words):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, SCRIPTS / "cells.py", *words], check=True, capture_output=True, text=True, env=environment
    )


def test_the_grid_becomes_a_table_a_file_and_a_picture(tmp_path):
    files = ("--json", tmp_path / "cells.json", "--figure", tmp_path / "speed.png")
    ran = script(*TINY, *ONCE, "--tasks", "step", "free_run", "--against", *files)
    content = json.loads((tmp_path / "cells.json").read_text(encoding="utf-8"))
    assert [(row["task"], row["precision"]) for row in content["rows"]] == [
        ("step", "float32"), ("step", "float64"), ("free_run", "float32"), ("free_run", "float64")
    ]  # fmt: skip
    assert "4 workloads" in ran.stderr
    assert "slower than torch by more than 5 %" in ran.stdout
    assert (tmp_path / "speed.png").read_bytes()[1:4] == b"PNG"


def test_what_is_not_installed_is_said(tmp_path):
    words = ("--tasks", "forward", "--precision", "float32", "--against", "jax", "--python", tmp_path / "python")
    (tmp_path / "python").symlink_to("/bin/false")
    assert "not installed: jax" in script(*TINY, *ONCE, *words).stderr


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A framework of another process, that does nothing."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import rivals

    (tmp_path / "with_fake.py").write_text(FAKE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setitem(rivals.FRAMEWORKS, "json", "with_fake")
    with rivals.Framework("json", python=sys.executable, wanted=lambda workload: workload.batch == 2) as framework:
        yield framework
    for name in ("rivals", "worker"):
        sys.modules.pop(name, None)


def test_a_framework_lays_the_work_ready_in_its_own_process(fake):
    assert fake.is_installed
    assert fake(Workload(batch=1)) is None
    ready = fake(Workload(batch=2))
    assert (ready.value, ready.remark, fake.version) == (20.0, "head_bias", "1.0")
    assert [ready.contender.run() for _ in range(3)] == [0.25] * 3
    assert fake(Workload(batch=2, cell="gru")) is None
    assert list(fake.refusals.values()) == ["NotImplementedError: no gru"]
    assert fake(Workload(batch=2, threads=2)).value == 20.0


@pytest.mark.parametrize("framework", ["jax", "keras"])
def test_other_frameworks_come_to_the_same(framework, tmp_path):
    pytest.importorskip(framework)
    words = ("--batch", "2", "--time", "3", "--hidden", "4", "--layers", "2", "--threads", "1", "--among", "all")
    script(*words, *ONCE, "--against", framework, "--json", tmp_path / "cells.json")
    rows = json.loads((tmp_path / "cells.json").read_text(encoding="utf-8"))["rows"]
    can = {"jax": {"step", "forward", "tangent", "free_run"}, "keras": {"step", "forward"}}[framework]
    assert {row["task"] for row in rows if framework in row["seconds"]} == can
