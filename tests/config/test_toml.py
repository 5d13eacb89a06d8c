import pytest
from hypothesis import given
from hypothesis import strategies as st

from pendula.config import DataSettings, ExperimentFile, build, read_experiment, write_experiment
from pendula.config.toml import MAX_BYTES
from pendula.errors import ConfigError
from pendula.nn import Network
from pendula.runs.build import plain
from pendula.runs.recipe import Recipe
from pendula.training import Training

WHOLE = """
window = 20
seed = 3
test_from = 1990-01-01

[data]
file = "pendulum.csv"
target = ["x", "v"]
time = "t"
units = { x = "rad" }
gaps = "fill"
resample = "1h"

[network]
cell = "gru"

[training]
patience = "none"
"""


def written(folder, text):
    path = folder / "lab.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_whole_file(tmp_path):
    made = read_experiment(written(tmp_path, WHOLE))
    assert made.data == DataSettings(
        file=str(tmp_path / "pendulum.csv"),
        target=("x", "v"),
        time="t",
        units={"x": "rad"},
        gaps="fill",
        resample="1h",
    )
    recipe = build(Recipe, made.choices)
    assert recipe == Recipe(
        window=20, seed=3, test_from="1990-01-01", network=Network(cell="gru"), training=Training(patience=None)
    )


def test_line_ends_of_any_system(tmp_path):
    path = tmp_path / "lab.toml"
    path.write_bytes(b"\xef\xbb\xbfwindow = 20\r\n[training]\r\nepochs = 2\r\n")
    assert read_experiment(path).choices == {"window": 20, "training": {"epochs": 2}}


def test_one_target_needs_no_list(tmp_path):
    assert read_experiment(written(tmp_path, '[data]\ntarget = "x"')).data.target == ("x",)


def test_a_shipped_record_has_no_folder(tmp_path):
    assert read_experiment(written(tmp_path, '[data]\nfile = "sunspots"')).data.file == "sunspots"


def test_an_empty_file_takes_all_defaults(tmp_path):
    assert read_experiment(written(tmp_path, "")) == ExperimentFile()


networks = st.builds(
    dict,
    cell=st.sampled_from(["rnn", "gru", "lstm"]),
    hidden_size=st.integers(1, 100),
    num_layers=st.just(2),
    dropout=st.floats(0, 0.9),
    residual=st.booleans(),
)
trainings = st.builds(
    dict, epochs=st.integers(1, 50), patience=st.none() | st.integers(1, 9), learning_rate=st.floats(1e-6, 1.0)
)
recipes = st.builds(
    dict,
    network=networks,
    training=trainings,
    window=st.integers(1, 99),
    test_from=st.none()
    | st.integers(0, 9)
    | st.floats(0, 9)
    | st.text(st.characters(categories=["L", "N"]), min_size=5),
    transform=st.sampled_from(["none", "sqrt"]),
    seed=st.integers(0, 2**31),
)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
sources = st.builds(
    dict,
    target=st.lists(names, unique=True).map(tuple),
    time=st.none() | names.filter(lambda name: name != "none"),
    group=st.none() | names.filter(lambda name: name != "none"),
    units=st.dictionaries(names, names),
    gaps=st.sampled_from(["keep", "fill"]),
    resample=st.none() | st.floats(1e-3, 1e3),
)


@given(recipe=recipes, data=sources)
def test_files_read_back_as_they_were(tmp_path_factory, recipe, data):
    path = tmp_path_factory.getbasetemp() / "round.toml"
    recipe = Recipe(**recipe | {"network": Network(**recipe["network"]), "training": Training(**recipe["training"])})
    data = DataSettings(**data)
    write_experiment(ExperimentFile(data=data, choices=plain(recipe)), path)
    read = read_experiment(path)
    assert read.data == data
    assert build(Recipe, read.choices) == recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("windw = 3", r"lab.toml` must be a sound experiment file: `windw` must be a known setting. Did you mean `win"),
        ("[training]\nepoch = 3", r"`training.epoch` must be a known setting. Did you mean `training.epochs`\?"),
        ("[trainin]\nepochs = 3", r"`trainin` must be a known setting."),
        ("[data]\nfiles = 'a'", r"`data.files` must be a known setting. Did you mean `data.file`\?"),
        ("[data]\nfile = ''", r"`data.file` must name a file"),
        ("[data]\ngaps = 'drop'", r"`data.gaps` must have the right type: .*'keep' or 'fill', got 'drop'"),
        ("data = 3", r"`data` must be a table: expected names and values, got 3. Write \[data\]"),
        ("window = 'ten'", r"lab.toml` must be a sound experiment file: `window` must have the right type"),
        ("window = 0", r"lab.toml` must be a sound experiment file: `window` must be positive"),
        ("window: 3", r"lab.toml` must be TOML: .*line 1"),
        ("a = " + "[" * 5000, r"lab.toml` must be TOML"),
    ],
)
def test_bad_files_are_told_with_place_and_reason(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        read_experiment(written(tmp_path, text))


def test_a_missing_file(tmp_path):
    with pytest.raises(ConfigError, match=r"none.toml` must be readable: No such file"):
        read_experiment(tmp_path / "none.toml")


def test_a_file_that_is_too_large(tmp_path):
    with pytest.raises(ConfigError, match=f"must be at most {MAX_BYTES} bytes: got {MAX_BYTES + 2}"):
        read_experiment(written(tmp_path, "#" * (MAX_BYTES + 2)))


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "lab.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"must be TOML: .*decode"):
        read_experiment(tmp_path / "lab.toml")
