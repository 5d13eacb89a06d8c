import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from pendula.benchmark import (
    Contender,
    Gemm,
    Measurement,
    Pace,
    Report,
    Rival,
    Session,
    Times,
    Workload,
    bearable,
    differences,
    expected_seconds,
    measure,
    measure_gemm,
    measurement_table,
    report_of,
    summary_table,
)
from pendula.benchmark.grid import ANCHOR
from pendula.benchmark.table import gemm_table
from pendula.errors import DivergedError

TINY = Workload(cell="rnn", batch=1, time=2, hidden_size=2, num_layers=1)
ONCE = Pace(seconds=1e-9, fewest=1, most=1)
GEMM = Gemm(precision="float32", threads=1, rates={8: 1e9, 16: 2e9})


def measured(torch_seconds, *, workload=TINY, gemm=None):
    seconds = {"pendula": np.full(4, 1.0), "torch": np.full(4, torch_seconds)}
    extra = {"gemm 16": np.full(4, 0.5)} if gemm else {}
    return Measurement(workload=workload, times=Times(seconds=seconds | extra), gemm=gemm)


def rival(value):
    return lambda _: Rival(contender=Contender(name="other", run=lambda: 7.0), value=value, remark="by heart")


def text_of(table):
    from rich.console import Console

    console = Console(width=200)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


@pytest.mark.parametrize(("torch_seconds", "slower"), [(0.94, True), (0.96, False), (1.0, False), (3.0, False)])
def test_more_than_five_percent_slower_than_torch_is_marked(torch_seconds, slower):
    each = measured(torch_seconds)
    assert each.is_slower is slower
    assert ("◀" in text_of(measurement_table([each]))) is slower
    assert len(Report(measurements=[each], gemms=[]).slower) == slower


def test_the_share_is_work_in_a_second_over_that_of_matrix_products():
    share = measured(1.0, gemm=GEMM).share
    assert share.median == pytest.approx(TINY.work / (2 * 16**3 / 0.5))
    assert measured(1.0).share is None


def test_a_rival_runs_along_and_is_compared():
    each = measure(TINY, pace=ONCE, rivals=[rival(None), lambda _: None])
    assert each.names == ["pendula", "torch", "other"]
    assert each.remarks == {"other": "by heart"}
    assert each.faster["other"].median == pytest.approx(7.0 / each.times.of("pendula").median)


def test_who_comes_to_another_result_does_other_work():
    with pytest.raises(DivergedError, match=r"`other` must come to the same as torch: expected .*, got 1e\+06"):
        measure(TINY, pace=ONCE, rivals=[rival(1e6)])


def test_a_result_that_is_no_number_does_not_agree():
    with pytest.raises(DivergedError, match="got nan"):
        measure(TINY, pace=ONCE, rivals=[rival(float("nan"))])


def test_the_number_of_threads_holds_while_measuring_and_no_longer():
    seen = []
    before = torch.get_num_threads()

    def spy(workload):
        seen.append(torch.get_num_threads())

    measure(replace(TINY, threads=2), pace=ONCE, rivals=[spy])
    assert (seen, torch.get_num_threads()) == ([2], before)


def test_gemm_is_measured_at_every_size_and_runs_along():
    gemm = measure_gemm("float64", threads=1, sizes=(4, 8), pace=ONCE)
    assert gemm.rates.keys() == {4, 8}
    assert gemm.rate == max(gemm.rates.values())
    each = measure(replace(TINY, precision="float64"), pace=ONCE, gemm=gemm)
    assert each.names == ["pendula", "torch"]
    assert each.share.median > 0
    assert "float64" in text_of(gemm_table([gemm]))


def test_a_report_is_plain_and_complete():
    workload = replace(ANCHOR, threads=1)
    report = Report(measurements=[measured(0.5, workload=workload, gemm=GEMM)], gemms=[GEMM], versions={"x": "1"})
    content = json.loads(json.dumps(report.to_dict()))
    row = content["rows"][0]
    assert {name: row[name] for name in workload.to_dict()} == workload.to_dict()
    assert (row["slower"], row["turns"], row["backend"], content["slower"]) == (True, 4, "torch", 1)
    assert row["seconds"]["torch"] == {"median": 0.5, "low": 0.5, "high": 0.5, "best": 0.5}
    assert row["faster"]["torch"]["median"] == 0.5
    assert content["gemm"][0]["by_size"] == {"8": 1e9, "16": 2e9}
    assert {"processor", "torch", "instruction_set", "load"} <= content["machine"].keys()


def test_a_summary_counts_by_task_cell_and_precision():
    table = text_of(summary_table([measured(0.5), measured(4.0), measured(2.0, workload=replace(TINY, cell="gru"))]))
    rows = [line.split() for line in table.splitlines() if "step" in line]
    assert rows == [
        ["step", "rnn", "float32", "2", "0.50", "2.25", "4.00", "1"],
        ["step", "gru", "float32", "1", "2.00", "2.00", "2.00"],
    ]


def test_a_session_measures_again_what_looked_slow(monkeypatch):
    paces, heard = [], []

    def fake(workload, *, pace, gemm, rivals):
        paces.append((workload.cell, pace.seconds))
        return measured(0.5 if workload.cell == "rnn" and len(paces) < 3 else 2.0, workload=workload)

    monkeypatch.setattr("pendula.benchmark.session.measure", fake)
    monkeypatch.setattr("pendula.benchmark.session.measure_gemm", lambda *_, **__: GEMM)
    session = Session(pace=Pace(seconds=1.0), listener=lambda each, left: heard.append((each.workload.cell, left)))
    results = session.run([TINY, replace(TINY, cell="gru")])
    assert paces == [("rnn", 1.0), ("gru", 1.0), ("rnn", 3.0)]
    assert [name for name, _ in heard] == ["rnn", "gru", "rnn"]
    assert all(left >= 0 for _, left in heard)
    assert [each.times.turns for each in results] == [8, 4]
    assert results[0].faster["torch"].median == 1.25  # both measurements count
    assert report_of(session).measurements == results
    again_off = Session(pace=Pace(seconds=1.0), again=0.0)
    paces.clear()
    assert again_off.run([TINY])[0].is_slower


def test_what_would_take_too_long_is_left_out():
    long = replace(ANCHOR, batch=256, time=1000, hidden_size=256)
    assert bearable([ANCHOR, long], Pace(), most=5.0) == [ANCHOR]
    assert expected_seconds([ANCHOR, ANCHOR], Pace()) == 2 * expected_seconds([ANCHOR], Pace())


def test_shapes_differ_in_what_is_not_task_cell_or_threads():
    assert differences(replace(ANCHOR, task="forward", cell="rnn", threads=2)) == set()
    assert differences(replace(ANCHOR, batch=1, precision="float64")) == {"batch", "precision"}


def test_a_session_races_epochs_along_with_steps():
    session = Session(pace=ONCE, gemms={("float32", 1): GEMM}, again=0.0)
    step, forward = session.run([TINY, replace(TINY, task="forward")])
    assert step.names == ["pendula", "torch", "pendula epoch"]
    assert step.faster.keys() == step.epoch_faster.keys() == {"torch"}
    assert forward.names == ["pendula", "torch"]
    assert not forward.epoch_faster
    assert "in epochs" in text_of(measurement_table([step, forward]))
    assert "epochs of" in step.to_dict()["remarks"]["pendula epoch"]
