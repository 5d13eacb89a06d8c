import gc
import inspect
import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import fields, is_dataclass
from typing import get_type_hints

import pytest

from pendula.cli.main import COMMANDS, main, run
from pendula.cli.options import RecipeOptions
from pendula.errors import ArgumentError, ConfigError, DataError, DivergedError, RunError
from pendula.runs import Recipe


def process(*words, **options):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *words], check=False, capture_output=True, text=True, env=environment, **options
    )


def options_of(command):
    """Every option of a command with its default, by its name on the command line."""
    function = COMMANDS[command][0]
    hints = get_type_hints(function)
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY and is_dataclass(hints[name]):
            found |= {field.name: field.default for field in fields(hints[name])}
        elif parameter.kind is parameter.KEYWORD_ONLY:
            found[name] = parameter.default
    return {f"--{name.replace('_', '-')}": default for name, default in found.items()}


def help_of(command, pendula):
    """The help as one line of words, boxes taken away."""
    answer = pendula(command, "--help")
    assert answer.code == 0
    return " ".join(re.sub("[│╭╮╰╯─]", " ", answer.out).split())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_and_its_default_is_documented(pendula, command):
    text = help_of(command, pendula)
    for option, default in options_of(command).items():
        place = text.find(f" {option} ")
        assert place >= 0, option
        said = text[place + len(option) + 1 : place + 400].split(" --")[0]
        assert len(said.split()) >= 4, option
        if default not in (None, False, (), inspect.Parameter.empty):
            assert f"[default: {default:g}]" in said if isinstance(default, float) else f"[default: {default}]" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example_that_stands_in_its_help(pendula, command):
    text = help_of(command, pendula)
    for line in COMMANDS[command][1].splitlines():
        assert line in text
        assert line.startswith(f"pendula {command}")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_speaks_json_and_takes_a_seed(command):
    assert {"--json", "--seed", "--quiet"} <= set(options_of(command))


def test_defaults_in_the_help_are_those_of_the_recipe(pendula):
    text = help_of("fit", pendula)
    recipe = Recipe()
    for field in fields(RecipeOptions):
        if field.name in {"set", "window", "test_from", "system"}:
            continue
        holder = next(part for part in (recipe, recipe.network, recipe.training) if hasattr(part, field.name))
        default = getattr(holder, field.name)
        shown = "no" if default is False else f"{default:g}" if isinstance(default, int | float) else default
        place = text.index(f" --{field.name.replace('_', '-')} ")
        # More may be said: what it is for other cells, say.
        assert f"[default: {shown}" in text[place : place + 300].split(" --")[1], field.name


def test_help_shows_every_command_and_an_example_of_each(pendula):
    out = pendula("--help").out
    for command in COMMANDS:
        assert f"│ {command} " in out
        assert f" pendula {command} " in out or f" pendula {command}\n" in out


def test_no_word_at_all_shows_the_help(pendula):
    answer = pendula()
    assert answer.code == 0
    assert "Usage: pendula COMMAND" in answer.out


def test_an_unknown_command(pendula):
    answer = pendula("forcast")
    assert answer.code == 2
    assert 'Unknown command "forcast". Did you mean "forecast"?' in answer.err


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ArgumentError("`x` must be y."), 2, "pendula: error: `x` must be y.\nSee: pendula report --help\n"),
        (ConfigError("`x` must be y."), 2, "pendula: error: `x` must be y.\nSee: pendula report --help\n"),
        (DataError("`x` must be y."), 1, "pendula: error: `x` must be y.\n"),
        (RunError("`x` must be y."), 1, "pendula: error: `x` must be y.\n"),
        (DivergedError("It diverged."), 1, "pendula: error: It diverged.\n"),
        (OSError(28, "No space left on device", "f.csv"), 1, "pendula: error: `f.csv`: No space left on device.\n"),
        (
            MemoryError(),
            1,
            "pendula: error: the memory is not enough for this. Ask for less: fewer rows, units or steps, a smaller",
        ),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), 1, "or steps, a smaller window or batch.\n"),
        (RuntimeError("q"), 1, "unexpected RuntimeError: q. Please report it, with what --debug prints.\n"),
        (KeyboardInterrupt(), 1, "pendula: error: interrupted.\n"),
        (KeyError("q"), 1, "unexpected KeyError: 'q'. Please report it, with what --debug prints.\n"),
    ],
)
def test_exit_codes_and_one_line_for_each_error(pendula, monkeypatch, error, code, message):
    def fail(run):
        raise error

    monkeypatch.setattr("pendula.runs.load", fail)
    answer = pendula("report", "run")
    assert answer.code == code
    assert message in answer.err
    assert answer.err.count("\n") == 1 + message.count("See:")
    assert answer.out == ""


def test_debug_keeps_the_traceback_of_an_unexpected_error(monkeypatch, folder):
    def fail(run):
        raise KeyError(run)

    monkeypatch.setattr("pendula.runs.load", fail)
    with pytest.raises(KeyError):
        main(["report", "run", "--debug"])


def test_it_runs_beside_the_main_thread(folder):
    codes = []
    thread = threading.Thread(target=lambda: codes.append(main(["simulate", "sine", "-o", "sine.csv"])))
    thread.start()
    thread.join()
    assert codes == [0]


def test_python_m_pendula(tmp_path):
    done = process("-m", "pendula", "simulate", "sine", "--json", "-o", "sine.csv", cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["rows"] == 1000
    assert (tmp_path / "sine.csv").exists()


def test_help_is_quick_because_it_loads_neither_torch_nor_pandas(tmp_path):
    check = (
        "import sys; from pendula.cli.main import main; main(['fit', '--help']); "
        "sys.exit(bool({'torch', 'pandas', 'xarray', 'matplotlib', 'pydantic', 'scipy'} & set(sys.modules)))"
    )
    assert process("-c", check, cwd=tmp_path).returncode == 0


def test_a_broken_pipe_is_quiet(tmp_path):
    words = f"{sys.executable} -m pendula simulate sine --set points=100000 | head -1"
    done = subprocess.run(words, shell=True, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.startswith("time")
    assert done.stderr == ""


@pytest.fixture
def collector():
    """Leave Python's collection of garbage as it was."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("collector")
def test_the_program_works_on_one_thread_unless_told_otherwise(monkeypatch):
    monkeypatch.setattr("pendula.cli.main.main", lambda: 0)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with pytest.raises(SystemExit, match="0"):
        run()
    assert os.environ["OMP_NUM_THREADS"] == "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    with pytest.raises(SystemExit, match="0"):
        run()
    assert os.environ["OMP_NUM_THREADS"] == "4"


@pytest.mark.usefixtures("collector")
def test_the_program_seldom_looks_for_garbage(monkeypatch):
    monkeypatch.setattr("pendula.cli.main.main", lambda: 0)
    with pytest.raises(SystemExit, match="0"):
        run()
    assert gc.get_threshold()[0] > 50_000
    assert gc.get_freeze_count() > 0
