"""What is installed with Pendula, and what only by name."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
OPTIONAL = {"keras", "tensorflow", "onnx", "onnxruntime", "scikit-learn", "pyarrow"}


def names(requirements):
    return {re.split(r"[^A-Za-z0-9_.-]", requirement)[0] for requirement in requirements}


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_base_install_pulls_none_of_the_tools():
    assert not names(project()["dependencies"]) & OPTIONAL


def test_every_extra_that_a_message_names_is_one():
    extras = project()["optional-dependencies"]
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py")]
    named = {extra for text in sources for extra in re.findall(r'missing_extra\(\s*"[^"]*", "[^"]*", "(\w+)"', text)}
    assert {"onnx", "sklearn", "parquet"} <= named <= set(extras)
    assert names(extras["onnx"]) == {"onnx", "onnxruntime"}
    assert names(extras["sklearn"]) == {"scikit-learn"}


def test_each_tool_is_imported_in_its_own_place_alone():
    homes = {"sklearn": "interop/sklearn/", "onnx": "interop/onnx/", "keras": "interop/keras/"}
    for path in (ROOT / "src/pendula").rglob("*.py"):
        place = path.relative_to(ROOT / "src/pendula").as_posix()
        found = re.findall(
            r"^\s*(?:import|from) (sklearn|onnx|keras|tensorflow)\b", path.read_text("utf-8"), re.MULTILINE
        )
        assert all(place.startswith(homes.get(tool, "interop/keras/")) for tool in found), place
