"""A file of JSON Lines as a corpus: the forms that OpenAI's fine-tuning takes, and plain documents."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from hanbok.core.values import Text
from hanbok.studio.artifacts import Artifact, Facts, Kind, sha256
from hanbok.studio.rows import DIALOGUE, DOCUMENT, PREFERENCE
from hanbok.studio.stage import Estimate, Progress
from hanbok.studio.tune.errors import NothingToLearn, RowUnreadable
from hanbok.studio.tune.lines import read_rows

_AT_ONCE: Final = 2048


class RowsFile:
    """Makes a CORPUS of a JSON Lines file whose rows are all of one form: `messages`, `input` with
    `preferred_output` and `non_preferred_output`, or `text`.
    """

    name: str = "rows"
    makes: Kind = Kind.CORPUS

    def __init__(self, path: Path, licence: str = "") -> None:
        self._path, self._licence = path, licence

    @property
    def spec(self) -> Mapping[str, object]:
        return {"version": 1, "file": sha256(self._path), "licence": self._licence}

    def estimate(self, inputs: Mapping[str, Artifact]) -> Estimate:  # noqa: ARG002 - there are none
        """Estimate from the file's size."""
        size = self._path.stat().st_size / (1 << 20)
        return Estimate(cpu_seconds=size / 20, memory_mib=80, disk_mib=size / 2)

    def run(self, inputs: Mapping[str, Artifact], folder: Path, progress: Progress) -> Facts:  # noqa: ARG002 - as above
        """Raise RowUnreadable naming the line, NothingToLearn for a file without rows."""
        progress.begin(Text(ko="파일 읽기", en="Reading the file"), None, "row")
        writer: pq.ParquetWriter | None = None
        schema: pa.Schema | None = None
        waiting: list[dict[str, str]] = []
        count = 0
        try:
            for number, row in read_rows(self._path):
                found = _schema(row)
                if schema is None:
                    schema = found
                    writer = pq.ParquetWriter(folder / "00000.parquet", schema, compression="zstd")
                elif found is not schema:
                    raise RowUnreadable(
                        row=number, why=Text(ko="앞 행과 모양이 다릅니다", en="unlike those before it")
                    )
                waiting.append(row | self._provenance(number))
                count += 1
                if len(waiting) == _AT_ONCE:
                    _flush(writer, waiting, schema, progress)
            _flush(writer, waiting, schema, progress)
        finally:
            if writer:
                writer.close()
        if not count:
            raise NothingToLearn(rows=0)
        return {"rows": count}

    def _provenance(self, number: int) -> dict[str, str]:
        return {
            "id": f"{self._path.stem}-{number}",
            "source": self._path.stem,
            "origin": self._path.name,
            "licence": self._licence,
            "fetched": "",
            "opt_out": "none",
        }


def _schema(row: Mapping[str, str]) -> pa.Schema:
    return DOCUMENT if "text" in row else PREFERENCE if "chosen" in row else DIALOGUE


def _flush(
    writer: "pq.ParquetWriter | None",
    waiting: list[dict[str, str]],
    schema: "pa.Schema | None",
    progress: Progress,
) -> None:
    if writer and waiting:
        writer.write_table(pa.Table.from_pylist(waiting, schema=schema))
        progress.advance(len(waiting))
        waiting.clear()
