"""The events of training."""

import pytest

from pendula.training import Outcome, TrainingFinished, silent


@pytest.mark.parametrize("outcome", list(Outcome))
def test_an_outcome_is_a_sentence(outcome):
    assert outcome.value.endswith(".")
    assert outcome.value[0].isupper()


def test_silence_hears_every_event():
    assert silent(TrainingFinished(outcome=Outcome.COMPLETED, best_epoch=1, seconds=0.1)) is None
