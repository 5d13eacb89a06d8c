"""The public face: its names, its documentation, its weight, and the family of its errors."""

import ast
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pendula
from pendula import errors

PACKAGE = Path(pendula.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "templates" not in path.parts)
HEAVY = (
    "torch",
    "scipy",
    "scipy.optimize",
    "scipy.stats",
    "pandas",
    "xarray",
    "matplotlib",
    "h5py",
    "h5netcdf",
    "pydantic",
    "rich",
    "cyclopts",
    "jinja2",
    "keras",
)


def test_the_names_are_sorted_and_unique():
    assert pendula.__all__ == sorted(set(pendula.__all__))


@pytest.mark.parametrize("name", pendula.__all__)
def test_every_public_name_resolves_and_is_documented(name):
    thing = getattr(pendula, name)
    assert inspect.getdoc(thing)
    assert name in dir(pendula)


@pytest.mark.parametrize("name", [name for name in pendula.__all__ if inspect.isfunction(getattr(pendula, name))])
def test_every_verb_says_what_it_takes_and_gives_with_an_example(name):
    text = inspect.getdoc(getattr(pendula, name))
    verb = inspect.signature(getattr(pendula, name))
    assert re.search(r"^Examples:$", text, re.MULTILINE)
    documented = text.partition("Args:")[2]
    assert all(re.search(rf"^    {argument}: ", documented, re.MULTILINE) for argument in verb.parameters)


def test_type_checkers_see_the_names_that_load_when_used():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.asname: f"{node.module}" for node in block.body for alias in node.names}
    assert set(seen) == set(pendula.__all__) == {*pendula._HOMES, "nn"}
    for name, home in seen.items():
        assert name == "nn" or getattr(pendula, name) is getattr(sys.modules[home], name)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'pendula' has no attribute 'forecats'"):
        _ = pendula.forecats


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version

    assert pendula.__version__ == version("pendula")
    assert "__version__" in dir(pendula)


def loaded_after(statement):
    """Import in a fresh interpreter, and see which libraries came along."""
    code = f"{statement}\nimport json, sys; print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(ran.stdout))


def test_importing_pendula_loads_no_other_library():
    assert loaded_after("import pendula") == set()
    assert loaded_after("import pendula; dir(pendula); pendula.PendulaError") == set()


def test_fitting_loads_nothing_that_it_does_not_use():
    uses = "pendula.fit, pendula.forecast, pendula.load, pendula.simulate, pendula.read, pendula.nn.Network()"
    heavy = loaded_after(f"import pendula; {uses}")
    assert heavy <= {"torch", "pandas", "xarray", "scipy"}  # W of a reservoir is sparse


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_says_what_it_is_and_what_it_gives(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assigned = {
        target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets
        if isinstance(target, ast.Name)
    }  # fmt: skip
    says_nothing_else = len(tree.body) == 1
    assert "__all__" in assigned or says_nothing_else or path.name == "__main__.py"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_a_module_gives_is_there_and_documented(path):
    import importlib

    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    if parts[-1] == "__main__":
        pytest.skip("importing it would run the command line")
    module = importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    for name in getattr(module, "__all__", []):
        thing = getattr(module, name)
        if getattr(thing, "__module__", None) == module.__name__ and (
            inspect.isclass(thing) or inspect.isfunction(thing)
        ):
            assert thing.__doc__, f"{module.__name__}.{name}"


def family():
    """Read the tree of errors out of the docstring."""
    lines = re.findall(r"^[├└]── (\w+)\s+\((\w+)\)\s+(.+)$", errors.__doc__, re.MULTILINE)
    return {name: (base, meaning) for name, base, meaning in lines}


def test_the_drawn_family_of_errors_is_the_real_one():
    real = {
        thing.__name__: (thing.__bases__[1].__name__, thing.__doc__[0].lower() + thing.__doc__[1:].rstrip("."))
        for thing in vars(errors).values()
        if inspect.isclass(thing) and issubclass(thing, errors.PendulaError) and thing is not errors.PendulaError
    }
    drawn = {name: (base, meaning[0].lower() + meaning[1:]) for name, (base, meaning) in family().items()}
    assert len(real) == 12
    assert drawn == real


@pytest.mark.parametrize("name", family())
def test_every_error_is_also_a_built_in_one(name):
    error = getattr(errors, name)
    assert error.__bases__[0] is errors.PendulaError
    assert name in errors.__all__
    assert issubclass(error, Exception)
    with pytest.raises(error.__bases__[1], match="it went wrong"):
        raise error("it went wrong")


def test_pendula_error_catches_the_whole_family():
    from pendula import PendulaError

    assert PendulaError is errors.PendulaError
    assert all(issubclass(getattr(errors, name), PendulaError) for name in family())


def test_no_module_defines_an_error_outside_the_family():
    for path in MODULES:
        if path.name == "errors.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                assert not any(base.endswith(("Error", "Exception")) for base in bases), f"{path.name}: {node.name}"


def test_a_mistyped_name_is_guessed_in_its_own_spelling():
    assert errors.did_you_mean("lstn", ["RNN", "LSTM"]) == " Did you mean `LSTM`?"
    assert errors.did_you_mean("zzz", ["x", "v"]) == " Known are `x`, `v`."
    assert not errors.did_you_mean("zzz", [])
