import json
from enum import Enum
from pathlib import Path

import numpy as np

from pendula.cli.output import Output, json_text


class Color(Enum):
    RED = "red"


def test_everything_becomes_plain():
    content = {
        "nan": float("nan"),
        "array": np.array([[1.0, np.inf], [2.0, 3.0]]),
        "number": np.float64(2.5),
        "infinite": np.float64(-np.inf),
        "whole": np.int64(3),
        "flag": np.bool_(True),
        "dates": np.array(["2001-01-01", "2001-01-02"], dtype="datetime64[D]"),
        "date": np.datetime64("2001-01-01"),
        "step": np.timedelta64(3, "D"),
        "color": Color.RED,
        "path": Path("a/b"),
        "nothing": None,
        "names": ("x", "v"),
        "table": {1: "π"},
    }
    assert json.loads(json_text(content)) == {
        "nan": None,
        "array": [[1.0, None], [2.0, 3.0]],
        "number": 2.5,
        "infinite": None,
        "whole": 3,
        "flag": True,
        "dates": ["2001-01-01", "2001-01-02"],
        "date": "2001-01-01",
        "step": "3 days",
        "color": "red",
        "path": "a/b",
        "nothing": None,
        "names": ["x", "v"],
        "table": {"1": "π"},
    }


def test_words_and_results_go_their_ways(capsys):
    Output().remark("remark")
    Output().show("result")
    Output().result({"a": 1})
    assert capsys.readouterr() == ("result\n", "remark\n")


def test_json_has_standard_output_for_itself(capsys):
    Output(json=True).remark("remark")
    Output(json=True).show("result")
    Output(json=True).result({"a": 1})
    assert capsys.readouterr() == ('{"a": 1}\n', "remark\nresult\n")


def test_quiet_leaves_remarks_out(capsys):
    Output(quiet=True).remark("remark")
    Output(quiet=True).show("result")
    Output(quiet=True, json=True).show("result")
    assert capsys.readouterr() == ("result\n", "")
