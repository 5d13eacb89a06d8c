import threading

import matplotlib as mpl
import pytest

from pendula.figures.style import TRUTH, Quantity, label, plain, shorten, strokes, style


@pytest.mark.parametrize(
    ("name", "unit", "expected"),
    [("x", "rad", "x (rad)"), ("x", "", "x"), ("x", "1", "x"), ("x", " 1 ", "x"), ("v", "m/s", "v (m/s)")],
)
def test_label_shows_units_where_there_are_any(name: str, unit: str, expected: str) -> None:
    assert label(name, unit) == expected


def test_quantity_label_is_short_and_safe() -> None:
    text = Quantity(name="$" + "y" * 100, unit="K").label
    assert text.startswith(r"\$yy")
    assert text.endswith("(K)")
    assert len(text) <= 46


@pytest.mark.parametrize("width", [3, 7, 8, 28])
def test_shortened_names_have_the_width(width: int) -> None:
    name = "".join(chr(97 + index % 26) for index in range(60))
    short = shorten(name, width=width)
    assert len(short) == width
    assert short[0] == name[0]
    assert short[-1] == name[-1]


def test_plain_names_are_never_hidden_or_read_as_mathematics() -> None:
    assert plain("_x") == " _x"
    assert plain("$a$") == r"\$a\$"
    assert plain("x") == "x"


def test_roles_keep_their_stroke_in_any_company() -> None:
    alone = strokes(["persistence", "lstm"])
    crowd = strokes(["wide", "GRU", "lstm", "deep", "linear", "seasonal", "persistence", "rnn", "esn"])
    for name in alone:
        assert alone[name] == crowd[name]
    assert crowd["GRU"] == strokes(["gru"])["gru"]


def test_every_predictor_of_many_has_its_own_stroke() -> None:
    names = ["persistence", "linear", "seasonal", "rnn", "lstm", "gru", "esn", *(f"net {i}" for i in range(12))]
    drawn = strokes(names)
    assert list(drawn) == names
    assert len(set(drawn.values())) == len(names)
    assert TRUTH not in drawn.values()


def test_baselines_are_broken_lines_and_cells_are_solid() -> None:
    drawn = strokes(["persistence", "linear", "seasonal", "rnn", "lstm", "gru", "esn"])
    assert {name for name, stroke in drawn.items() if stroke.linestyle == "-"} == {"rnn", "lstm", "gru", "esn"}


def test_style_leaves_the_settings_alone_even_after_an_error() -> None:
    before = dict(mpl.rcParams)

    def fail() -> None:
        with style():
            assert mpl.rcParams["axes.spines.top"] is False
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        fail()
    assert dict(mpl.rcParams) == before


def test_style_of_two_threads_does_not_mix() -> None:
    before = dict(mpl.rcParams)
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with style():
            inside.set()
            leave.wait(5)

    def follow() -> None:
        with style():
            pass

    first = threading.Thread(target=hold)
    first.start()
    assert inside.wait(5)
    second = threading.Thread(target=follow)
    second.start()
    second.join(0.05)
    assert second.is_alive()  # it waits until the first one has put the settings back
    leave.set()
    first.join(5)
    second.join(5)
    assert dict(mpl.rcParams) == before
