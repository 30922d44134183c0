"""A Ray cluster of two nodes on this machine, in which nodes and drivers are killed. Run by test_curate_ray.

ray_nodes.py PATH FOLDER: prints what happened as JSON.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

from hanbok.core.values import Text
from hanbok.studio.curate.job import work
from hanbok.studio.curate.runner import runner_of
from studio.small_curation import Silent, Small

NODE = {"num_cpus": 1, "object_store_memory": 80_000_000}


class Felling(Silent):
    """Kills the second node in each phase that has several tasks, as soon as one of them is done."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.killed, self.phase = cluster, [], ""
        self.second = cluster.add_node(**NODE)

    def begin(self, what: Text, total: int | None, unit: str) -> None:  # noqa: ARG002 - the contract
        self.phase = what.en if (total or 0) > 1 else ""
        if self.second is None:
            self.second = self.cluster.add_node(**NODE)

    def advance(self, done: int) -> None:
        if done and self.phase and self.second is not None:
            self.cluster.remove_node(self.second, allow_graceful=False)
            self.second = None
            self.killed.append(self.phase)


def driven(path: str, folder: Path, address: str) -> int:
    """Run a driver, and kill it as soon as another phase has begun; return how often that was."""
    killed, seen = 0, set()
    program = Path(__file__).with_name("small_curation.py")
    while True:
        driver = subprocess.Popen([sys.executable, program, path, folder, f"ray:{address}", "0", "", "0"])
        while driver.poll() is None:
            begun = {one.name for one in (folder / ".work").glob("*") if any(one.glob("*"))}
            if begun - seen and killed < 4:
                seen |= begun
                driver.send_signal(signal.SIGKILL)
                driver.wait()
                killed += 1
            time.sleep(0.01)
        if driver.returncode != -signal.SIGKILL:
            assert driver.returncode == 0, driver.returncode
            return killed


def main() -> None:
    path, folder = sys.argv[1], Path(sys.argv[2])
    cluster = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
    told = {}
    try:
        felling = Felling(cluster)
        runner = runner_of(f"ray:{cluster.address}")
        work(folder / "nodes", Small(path), runner, felling)
        told["nodes"] = felling.killed
        ray.shutdown()
        felling.begin(Text(ko="", en=""), 0, "")
        told["drivers"] = driven(path, folder / "drivers", cluster.address)
    finally:
        ray.shutdown()
        cluster.shutdown()
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    main()
