from functools import partial

from pendula.benchmark import Pace, Workload, bench


def test_it_says_how_the_machine_does(pendula, monkeypatch):
    tiny = {"batch": 1, "time": 2, "hidden_size": 2, "num_layers": 1}
    workloads = [Workload(**tiny), Workload(task="free_run", **tiny), Workload(task="free_run", **tiny | {"batch": 3})]
    monkeypatch.setattr("pendula.benchmark.short_workloads", lambda _: workloads)
    monkeypatch.setattr("pendula.benchmark.bench", partial(bench, pace=Pace(seconds=1e-6), gemm_sizes=(8, 16)))
    answer = pendula("bench", "--threads", "1")
    assert answer.code == 0
    for words in ("1 thread\n", "Matrix products: ", "training lstm float32", "lstm, 1 start,", "lstm, 3 starts,"):
        assert words in answer.out
    assert len(answer.err.splitlines()) == 3
    content = pendula("bench", "--threads", "1", "--json", "--quiet").content
    assert content["threads"] == 1
    assert [row["batch"] for row in content["rows"]] == [1, 1, 3]
    assert content["rows"][0]["faster"]["torch"]["median"] > 0


def test_rows_that_others_disturbed_are_marked(pendula, monkeypatch):
    tiny = Workload(task="free_run", batch=1, time=2, hidden_size=2, num_layers=1)
    monkeypatch.setattr("pendula.benchmark.short_workloads", lambda _: [tiny])
    # Every run waited for longer than it took.
    waits = iter(range(100_000))
    monkeypatch.setattr("pendula.benchmark.turns.waited_seconds", lambda *_: float(next(waits)))
    pace = Pace(seconds=1e-6, patience=0.0)
    monkeypatch.setattr("pendula.benchmark.bench", partial(bench, pace=pace, gemm_sizes=(8,)))
    answer = pendula("bench", "--threads", "1")
    assert "◀ disturbed" in answer.out
    assert "Nothing follows from rows marked disturbed, whose threads had to wait for a processor." in answer.out


def test_a_number_of_threads_below_one_is_bad_usage(pendula):
    answer = pendula("bench", "--threads", "0")
    assert answer.code == 2
    assert "`--threads` must be positive: expected 1 or more, got 0" in answer.err
