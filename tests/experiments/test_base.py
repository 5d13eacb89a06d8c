"""Every setting of every experiment stands on its page."""

from dataclasses import fields, replace

import pytest

from pendula.experiments import EXPERIMENTS
from pendula.experiments.base import with_settings
from pendula.report import ReportContent, render_report


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_setting_is_told(name):
    settings = EXPERIMENTS[name].settings()
    told = with_settings(ReportContent(title=name), settings).settings
    for each in fields(settings):
        value = getattr(settings, each.name)
        shown = {key for key in told if key.partition(".")[0] == each.name}
        assert shown
        assert each.name not in told or told[each.name] == value
    assert "Settings" in render_report(ReportContent(title=name, settings=told))


def test_what_was_chosen_counts_not_what_is_usual():
    toy = replace(EXPERIMENTS["encoder-decoder"].settings(), epochs=1, steps=2, noise=0.25)
    told = with_settings(ReportContent(title="toy", results={"error": 0.5}), toy)
    assert (told.settings["epochs"], told.settings["steps"], told.settings["noise"]) == (1, 2, 0.25)
    assert told.results == {"error": 0.5}


def test_settings_within_settings_have_their_own_rows():
    told = with_settings(ReportContent(title=""), EXPERIMENTS["mackey-glass"].settings()).settings
    assert told["reservoir.leak"] == EXPERIMENTS["mackey-glass"].settings().reservoir.leak
    assert "reservoir" not in told
