"""What the log keeps of probes: who ran them, how they went, and the digests of the files."""

import hashlib

from hanbok.core.clock import stamp
from hanbok.evidence.entry import Act
from hanbok.gateway.probes.differing import Difference
from hanbok.gateway.probes.running import Run


def run_act(done: Run, body: bytes, actor: str) -> Act:
    """Return the entry of a run; `body` is its file."""
    facts = {
        "model": done.model,
        "endpoint": done.endpoint,
        "pack": done.pack,
        "probes": str(len(done.results)),
        "passed": str(done.passed),
        "digest": hashlib.sha256(body).hexdigest(),
    }
    return Act(at=stamp(), actor=actor, verb="probe.run", object=f"{done.model} {done.at}", facts=facts)


def diff_act(found: Difference, before: bytes, after: bytes, actor: str) -> Act:
    """Return the entry of a comparison of the runs in two files."""
    facts = {
        "grade": found.grade,
        "probes": str(found.compared),
        "changed": str(len(found.changed)),
        "worse": str(sum(one.worse for one in found.changed)),
        "pack": found.pack,
        "before": hashlib.sha256(before).hexdigest(),
        "digest": hashlib.sha256(after).hexdigest(),
    }
    return Act(
        at=stamp(), actor=actor, verb="probe.diff", object=f"{found.before} -> {found.after}", facts=facts
    )
