"""The same job on a Ray cluster of two nodes: the same bytes, also when nodes and drivers are killed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hanbok.studio.curate.job import work
from hanbok.studio.curate.runners.processes import Processes
from studio.small_curation import Silent, Small, made, written

pytest.importorskip("ray", reason="Ray comes with the extra `cluster`")


@pytest.mark.slow
def test_two_nodes_make_the_same_bytes_though_nodes_and_drivers_are_killed(tmp_path):
    corpus = written(tmp_path / "texts.jsonl")
    work(tmp_path / "whole", Small(str(corpus)), Processes(workers=1), Silent())
    tests = Path(__file__).parents[1]
    told = tmp_path / "told"
    with told.open("w") as out:  # a pipe would stay open with Ray's own processes
        done = subprocess.run(
            [sys.executable, tests / "studio" / "ray_nodes.py", corpus, tmp_path],
            env={**os.environ, "PYTHONPATH": str(tests), "RAY_USAGE_STATS_ENABLED": "0"},
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=500,
        )
    assert done.returncode == 0, told.read_text()[-3000:]
    killed = json.loads(told.read_text().splitlines()[-1])
    assert set(killed["nodes"]) >= {"reading and filtering", "writing what stays"}
    assert killed["drivers"] == 4
    assert made(tmp_path / "nodes") == made(tmp_path / "whole")
    assert made(tmp_path / "drivers") == made(tmp_path / "whole")
