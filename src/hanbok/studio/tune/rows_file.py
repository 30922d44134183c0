"""A file of JSON Lines as a corpus: the forms that OpenAI's fine-tuning takes, and plain documents."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from hanbok.core.values import Text
from hanbok.studio.artifacts import Artifact, Facts, Kind, sha256
from hanbok.studio.rows import DIALOGUE, DOCUMENT, PREFERENCE
from hanbok.studio.stage import Estimate, Progress
from hanbok.studio.tune.errors import NothingToLearn, RowUnreadable

_AT_ONCE: Final = 2048


class RowsFile:
    """Makes a CORPUS of a JSON Lines file whose rows are all of one form: `messages`, `input` with
    `preferred_output` and `non_preferred_output`, or `text`.
    """

    name: ClassVar[str] = "rows"
    makes: ClassVar[Kind] = Kind.CORPUS

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


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each line's number and its row, in the columns of `hanbok.studio.rows`. Raises RowUnreadable."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, as_row(line, number)


def as_row(line: bytes, number: int) -> dict[str, str]:
    """Return one line's row. Raises RowUnreadable, which names the line and quotes nothing of it."""
    try:
        told: dict[str, Any] = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RowUnreadable(
            row=number, why=Text(ko="JSON 객체가 아닙니다", en="not a JSON object")
        ) from error
    if isinstance(told.get("messages"), list):
        return {"messages": _written(_checked(told["messages"], number))}
    if isinstance(told.get("text"), str):
        return {"text": told["text"]}
    asked = told.get("input")
    if isinstance(asked, dict) and isinstance(asked.get("messages"), list):
        return {
            "messages": _written(_checked(asked["messages"], number)),
            "chosen": _written(_checked(told.get("preferred_output"), number)),
            "rejected": _written(_checked(told.get("non_preferred_output"), number)),
        }
    why = Text(
        ko="messages, text, input 가운데 하나가 있어야 합니다", en="it needs one of messages, text and input"
    )
    raise RowUnreadable(row=number, why=why)


def _checked(messages: object, number: int) -> list[dict[str, Any]]:
    if (
        not isinstance(messages, list)
        or not messages
        or any(
            not isinstance(one, dict) or not isinstance(one.get("role"), str) or not one.get("content")
            for one in messages
        )
    ):
        why = Text(ko="메시지에는 role과 content가 있어야 합니다", en="a message needs role and content")
        raise RowUnreadable(row=number, why=why)
    return messages


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


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
