"""Splits one clean corpus into what is learned from and what is held out to measure it by.

It stands after de-duplication, so that nothing held out has a near copy among what is learned from.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Meta

from hanbok.core.values import Text
from hanbok.studio.artifacts import Artifact, Facts, Kind
from hanbok.studio.errors import PartEmpty, ProvenanceLost
from hanbok.studio.rows import PROVENANCE, shards_of
from hanbok.studio.stage import Estimate, Progress

_METHOD: Final = 1
_RANGE: Final = 1 << 64
_MIB: Final = 1 << 20


class HeldOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What share of a corpus is kept from training."""

    share: Annotated[float, Meta(gt=0, lt=1, description="Share of the rows, or of the groups.")] = 0.2
    by: Annotated[
        str,
        Meta(
            description="Regular expression over a row's id; rows with the same first group stay together, such as "
            "paraphrases of one sentence. Empty: each row for itself."
        ),
    ] = ""

    def __post_init__(self) -> None:
        """Raise ValueError for an expression that names no group."""
        try:
            groups = re.compile(self.by).groups
        except re.error as error:
            raise ValueError(f"`by` is no regular expression: {error}") from None
        if self.by and groups != 1:
            raise ValueError("`by` needs exactly one group")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The stage that takes one of the two parts of a corpus. A row's id and the seed decide where it belongs."""

    name: Literal["train", "held_out"]
    plan: HeldOut
    seed: int
    makes: Kind = Kind.CORPUS

    @property
    def spec(self) -> Mapping[str, object]:
        return {"part": self.name, "seed": self.seed, "method": _METHOD} | msgspec.to_builtins(self.plan)

    def estimate(self, inputs: Mapping[str, Artifact]) -> Estimate:
        held = inputs["corpus"].manifest.files.values() if "corpus" in inputs else ()
        size = sum(one.size for one in held) / _MIB
        return Estimate(cpu_seconds=0.5 + size / 20, memory_mib=100, disk_mib=size)

    def run(self, inputs: Mapping[str, Artifact], folder: Path, progress: Progress) -> Facts:
        shards = shards_of(inputs["corpus"])
        progress.begin(Text(ko="말뭉치 나누기", en="splitting the corpus"), len(shards), "shards")
        rows = kept = 0
        licences = set[str]()
        for shard in shards:
            table = _read(shard)
            taken = table.filter(pa.array(map(self._takes, table["id"].to_pylist()), pa.bool_()))
            if taken.num_rows:
                pq.write_table(taken, folder / shard.name, compression="zstd")
            licences.update(taken["licence"].unique().to_pylist())
            rows, kept = rows + table.num_rows, kept + taken.num_rows
            progress.advance(1)
        if not kept:
            raise PartEmpty(rows=rows, part=self.name)
        return {"rows": kept, "of": rows, "licences": sorted(licences)}

    def _takes(self, row: str) -> bool:
        found = re.search(self.plan.by, row) if self.plan.by else None
        group = found[1] or row if found else row
        drawn = int.from_bytes(hashlib.sha256(f"{self.seed}\0{group}".encode()).digest()[:8])
        return (drawn < self.plan.share * _RANGE) == (self.name == "held_out")


def _read(shard: Path) -> pa.Table:
    table = pq.read_table(shard)
    lost = {one.name for one in PROVENANCE} - set(table.column_names)
    if lost:
        raise ProvenanceLost(path=shard, columns=", ".join(sorted(lost)))
    return table
