"""An artifact of another workspace, as a step of this one."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from hanbok.core.values import Text
from hanbok.studio.artifacts import Artifact, Facts, check
from hanbok.studio.stage import Estimate, Progress


class Kept:
    """Makes what is there already: the same files, linked where the disk is the same."""

    def __init__(self, artifact: Artifact) -> None:
        self._artifact = artifact
        self.name = artifact.manifest.stage
        self.makes = artifact.manifest.kind

    @property
    def spec(self) -> Mapping[str, object]:
        return {"version": 1, "kept": self._artifact.digest}

    def estimate(self, inputs: Mapping[str, Artifact]) -> Estimate:  # noqa: ARG002 - there are none
        """Estimate a link."""
        return Estimate(cpu_seconds=1, memory_mib=10, disk_mib=0)

    def run(self, inputs: Mapping[str, Artifact], folder: Path, progress: Progress) -> Facts:  # noqa: ARG002 - as above
        """Raise ArtifactBroken when a file is not the one of its manifest."""
        check(self._artifact)
        names = self._artifact.manifest.files
        progress.begin(Text(ko="산출물 가져오기", en="Taking over an artifact"), len(names), "file")
        for name in names:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            try:
                os.link(self._artifact.path / name, target)
            except OSError:  # another disk
                shutil.copyfile(self._artifact.path / name, target)
            progress.advance(1)
        return self._artifact.manifest.facts
