"""Doctests of a file alone: its package is imported first, as a program does it.

Pytest would import the package on the way to the file, and then the file once more, whose classes would be there twice.
"""

import importlib
from pathlib import Path


def pytest_collect_file(file_path: Path) -> None:
    """Import the package of a file, before pytest imports the file.

    Args:
        file_path: The file.
    """
    if file_path.suffix == ".py" and file_path != Path(__file__):
        importlib.import_module(".".join(file_path.parent.relative_to(Path(__file__).parent).parts))
