"""What is held out: a share of the rows or of their groups, the same in every run, and never both sides."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hanbok.studio.artifacts import Kind, make
from hanbok.studio.errors import PartEmpty, ProvenanceLost
from hanbok.studio.rows import DIALOGUE, rows_of
from hanbok.studio.split import HeldOut, Part


class Nobody:
    def begin(self, what, total, unit):
        pass

    def advance(self, done):
        pass


def corpus(store, ids, shards=2, drop=()):
    def work(folder):
        for shard in range(shards):
            rows = [
                {
                    "id": one,
                    "messages": "[]",
                    "source": "s",
                    "origin": "o",
                    "licence": "CC0-1.0",
                    "fetched": "",
                    "opt_out": "none",
                }
                for one in ids[shard::shards]
            ]
            table = pa.Table.from_pylist(rows, DIALOGUE).drop_columns(list(drop))
            pq.write_table(table, folder / f"{shard:05}.parquet")
        return {}

    return make(store, Kind.CORPUS, "curate", {"ids": ids}, {}, work)


def part(tmp_path, name, plan, source, seed=7):
    stage = Part(name=name, plan=plan, seed=seed)
    inputs = {"corpus": source}
    return make(
        tmp_path / "parts",
        stage.makes,
        stage.name,
        stage.spec,
        inputs,
        lambda folder: stage.run(inputs, folder, Nobody()),
    )


def ids_of(artifact):
    return [row["id"] for row in rows_of(artifact)]


def test_every_row_is_on_exactly_one_side(tmp_path):
    ids = [f"row-{number}" for number in range(400)]
    source, plan = corpus(tmp_path, ids), HeldOut(share=0.25)
    train, held = (part(tmp_path, name, plan, source) for name in ("train", "held_out"))
    assert sorted(ids_of(train) + ids_of(held)) == sorted(ids)
    assert 70 <= len(ids_of(held)) <= 130
    assert held.manifest.facts == {"rows": len(ids_of(held)), "of": 400, "licences": ["CC0-1.0"]}


def test_the_order_of_shards_and_rows_does_not_matter(tmp_path):
    ids = [f"row-{number}" for number in range(100)]
    one = part(tmp_path, "held_out", HeldOut(), corpus(tmp_path / "a", ids))
    other = part(tmp_path, "held_out", HeldOut(), corpus(tmp_path / "b", ids[::-1], shards=5))
    assert sorted(ids_of(one)) == sorted(ids_of(other))
    assert sorted(
        ids_of(part(tmp_path, "held_out", HeldOut(), corpus(tmp_path / "a", ids), seed=8))
    ) != sorted(ids_of(one))


def test_rows_of_one_group_stay_together(tmp_path):
    ids = [f"problem-{group:02}-{turn}" for group in range(40) for turn in range(5)]
    plan = HeldOut(share=0.3, by=r"^(.*)-\d+$")
    held = ids_of(part(tmp_path, "held_out", plan, corpus(tmp_path, ids)))
    groups = {one.rpartition("-")[0] for one in held}
    assert 0 < len(groups) < 40
    assert len(held) == 5 * len(groups)


def test_a_part_without_rows_is_an_error(tmp_path):
    with pytest.raises(PartEmpty):
        part(tmp_path, "held_out", HeldOut(share=0.01, by="^(x)"), corpus(tmp_path, ["xa", "xb"]))


def test_rows_without_provenance_go_no_further(tmp_path):
    with pytest.raises(ProvenanceLost, match="licence"):
        part(tmp_path, "train", HeldOut(), corpus(tmp_path, ["a", "b"], drop=["licence"]))


@pytest.mark.parametrize("by", ["(", "no group", "(two)(groups)"])
def test_an_expression_needs_one_group(by):
    with pytest.raises(ValueError, match=r"group|expression"):
        HeldOut(by=by)
