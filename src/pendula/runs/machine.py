"""What a run was made on, as far as it can change a bit or a second; nothing that tells whose machine it is."""

import os
import platform
from pathlib import Path

__all__ = ["describe_machine"]


def describe_machine() -> dict[str, str | int]:
    """Describe the machine and the libraries that numbers depend on.

    Returns:
        Processor, cores, system, and the versions of Python, PyTorch and NumPy; no name of a host, user or folder.

    Examples:
        >>> sorted(describe_machine())
        ['cores', 'numpy', 'processor', 'python', 'system', 'threads', 'torch']
    """
    import numpy as np
    import torch

    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "threads": torch.get_num_threads(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": str(np.__version__),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
