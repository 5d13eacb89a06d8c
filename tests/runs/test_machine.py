"""The machine is described by what changes numbers, in plain values."""

import platform

import numpy as np
import torch

from pendula.runs.machine import describe_machine


def test_versions_are_those_in_use():
    machine = describe_machine()
    assert machine["numpy"] == np.__version__
    assert machine["torch"] == torch.__version__
    assert machine["python"] == platform.python_version()
    assert machine["threads"] == torch.get_num_threads()
    assert machine["cores"] >= 1
    assert machine["processor"]
