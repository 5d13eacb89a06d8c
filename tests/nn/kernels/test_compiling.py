"""Layers and functions under torch.compile."""

import subprocess
import sys
from pathlib import Path


def test_compiled_layers_and_functions_give_the_same_answers(core):
    script = Path(__file__).with_name("compiled_layers.py")
    ran = subprocess.run([sys.executable, "-W", "error", str(script)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
