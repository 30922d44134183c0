"""Copies, near-copies, repeated passages, tests in texts, mixtures: what is found and what is not."""

import json
import random
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from hanbok.studio.curate.decontaminate import BenchmarkPlan, Decontaminate, DecontaminatePlan
from hanbok.studio.curate.dedup import grams, plain, signatures
from hanbok.studio.curate.dedup.copies import Copies, join
from hanbok.studio.curate.dedup.spans import Spans
from hanbok.studio.curate.errors import ColumnsLost
from hanbok.studio.curate.mixing import Mix, MixPlan
from hanbok.studio.curate.pipeline import Ledger
from hanbok.studio.curate.reader import SourceUnreadable
from hanbok.studio.curate.shards import put_array, put_table
from hanbok.studio.curate.sweep import Shelf
from hanbok.testing.planted import KIN, Writer, planted

DATA = Path(__file__).resolve().parents[3] / "shared/data/curation"
ODD = [
    "",
    " ",
    "가",
    "가나다라",
    "!!",
    "ㅋㅋㅋ ㎡⑩ﷺ ½ ㍿ 𠀀 😀 Mixed ﬃ " * 4,
    unicodedata.normalize("NFD", "한글을 풀어 씁니다 " * 9),
    "각" + "̈",
]


def frame(texts, **columns):
    provenance = dict.fromkeys(("source", "origin", "licence", "fetched", "opt_out"), "")
    ids = [f"{number:06}" for number in range(len(texts))]
    return pl.DataFrame(
        {"id": ids, "text": texts, **provenance, "dropped": None, **columns},
        schema_overrides={"dropped": pl.String},
    )


def swept(sweep, frames, folder):
    """Do what the engine does with a sweep; return the rows that it kept, by shard."""
    starts, at = [0], []
    for number, rows in enumerate(frames):
        starts.append(starts[-1] + rows.height)
        at += rows["id"].to_list()
        for name, table in sweep.keys(rows).items():
            put_table(folder / f"{number:05}.{name}.arrow", table)
    put_array(folder / "starts.npy", np.array(starts))
    put_array(folder / "rank.npy", np.argsort(np.argsort(np.array(at), kind="stable")))
    shelf = Shelf(keys=folder, shards=len(frames), ranked=folder)
    found = [sweep.gather(shelf, part, 3) for part in range(3)] if sweep.gathered else []
    verdicts, facts = sweep.resolve(shelf, iter(found))
    ledger = Ledger(0)
    kept = [
        ledger.kept(rows, sweep, sweep.apply(rows, one)) for rows, one in zip(frames, verdicts, strict=True)
    ]
    return kept, facts, ledger


@pytest.fixture(scope="module")
def corpus():
    return list(planted(900, 11, copied=0.3, length=600))


def test_the_compiled_kernel_and_numpy_make_the_same_signatures(corpus):
    pytest.importorskip("numba", reason="the compiled kernel needs numba (extra `studio`)")
    texts = pl.Series([one.text for one in corpus[:150]] + ODD)
    fast, slow = signatures.signed(texts), signatures.signed(texts, plain.keys)
    for name in ("sizes", "same", "bands", "sketches"):
        assert np.array_equal(getattr(fast, name), getattr(slow, name)), name


@pytest.mark.parametrize("wanted", [grams.sampled(3), np.ones(2, bool)], ids=["sampled", "all"])
def test_the_compiled_kernel_and_numpy_find_the_same_grams(corpus, wanted):
    pytest.importorskip("numba", reason="the compiled kernel needs numba (extra `studio`)")
    texts = pl.Series([one.text for one in corpus[:60]] + ODD)
    fast, slow = grams.grams_of(texts, wanted), grams.grams_of(texts, wanted, plain.probe)
    assert len(fast.hashes) > 100
    for name in ("hashes", "rows", "begins", "ends", "sizes"):
        assert np.array_equal(getattr(fast, name), getattr(slow, name)), name


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2026년 11월 22일, 서울.", "1999년 10월 01일 서울", True),
        ("한글을 풀어 씁니다", unicodedata.normalize("NFD", "한글을 풀어 씁니다"), True),
        ("ＡＢＣ ㎏ 한글", "abc kg 한글", True),
        ("아버지가 방에 들어가신다", "아버지 가방에 들어가신다", True),
        ("ㅋㅋㅋ 좋네요", "ㅋㅋ 좋네요", False),
        ("나는 밥을 먹었다", "나는 밥을 먹는다", False),
        ("가나다", "다나가", False),
        ("12", "1", False),
    ],
)
def test_texts_are_the_same_when_they_differ_in_form_spaces_signs_and_digits_alone(one, other, same):
    found = signatures.signed(pl.Series([one, other]), plain.keys)
    assert np.array_equal(found.same[0], found.same[1]) is same


def test_the_sketch_tells_the_share_of_common_grams():
    writer, draw = Writer(3), random.Random(3)
    for share in (0.0, 0.3, 0.7, 0.95):
        said = [writer.sentence() for _ in range(120)]
        other = [one if draw.random() < share else writer.sentence() for one in said]
        texts = ["".join(one).replace(" ", "") for one in (said, other)]
        sets = [{text[at : at + 5] for at in range(len(text) - 4)} for text in texts]
        true = len(sets[0] & sets[1]) / len(sets[0] | sets[1])
        first, second = signatures.signed(pl.Series([" ".join(said), " ".join(other)]), plain.keys).sketches
        assert abs((first == second).mean() - true) < 0.14


def test_copies_are_found_and_originals_stay(corpus, tmp_path):
    rows = frame([one.text for one in corpus])
    kept, facts, ledger = swept(Copies(), [rows[:400], rows[400:]], tmp_path)
    left = set(pl.concat(kept)["id"])
    lost = {kind: Counter() for kind in {one.kind for one in corpus}}
    for one in corpus:
        lost[one.kind][one.id[1:] not in left] += 1
    assert {kind: found[True] for kind, found in lost.items() if kind in {"", KIN}} == {"": 0, KIN: 0}
    for kind, least in {
        "exact": 1.0,
        "form": 1.0,
        "spacing": 1.0,
        "edit5": 0.9,
        "edit10": 0.75,
        "cut": 0.85,
    }.items():
        assert lost[kind][True] / lost[kind].total() >= least, kind
    assert ledger.drops["copies:same"] >= lost["exact"][True]
    assert facts["clusters"]["1"] > 300


@pytest.mark.skipif(not DATA.exists(), reason="no shared data beside this repository")
def test_copies_in_petitions_reviews_and_statutes_are_found(tmp_path):
    raw = [json.loads(line) for line in (DATA / "raw_ko.jsonl").read_bytes().splitlines()]
    pairs = [json.loads(line) for line in (DATA / "raw_ko.dups.jsonl").read_bytes().splitlines()]
    rows = frame([one["text"] for one in raw]).with_columns(pl.Series("id", [one["id"] for one in raw]))
    kept, _, _ = swept(Copies(), [rows[:900], rows[900:]], tmp_path)
    left = set(pl.concat(kept)["id"])
    alike = [one for one in pairs if one["jaccard"] >= 0.7]
    found = [one for one in alike if not {one["a"], one["b"]} <= left]
    copied = {one[side] for one in pairs for side in "ab"}
    assert len(found) / len(alike) >= 0.99
    assert {one["id"] for one in raw} - left - copied == set()


def test_the_smallest_id_of_a_cluster_stays_however_the_shards_lie(tmp_path):
    text = "같은 글이 여러 번 실렸습니다. 아이디가 가장 작은 것이 남아야 합니다."
    rows = frame([text, "다른 글", text, text]).with_columns(pl.Series("id", ["c", "z", "a", "b"]))
    for number, shards in enumerate(([rows], [rows[2:], rows[:2]], [rows[:1], rows[1:2], rows[2:]])):
        folder = tmp_path / str(number)
        kept, _, _ = swept(Copies(), shards, folder)
        left = pl.concat(kept)
        assert set(left["id"]) == {"a", "z"}
        assert left.filter(pl.col("id") == "a")["copies"].item() == 3


def test_edges_join_clusters_to_their_smallest_member():
    draw = random.Random(4)
    pairs = [(draw.randrange(300), draw.randrange(300)) for _ in range(180)]
    leader = np.arange(300)
    join(leader, [(np.array([a for a, _ in pairs]), np.array([b for _, b in pairs]))])
    cluster = {one: {one} for one in range(300)}
    for a, b in pairs:
        if cluster[a] is not cluster[b]:
            cluster[a] |= cluster[b]
            for one in cluster[b]:
                cluster[one] = cluster[a]
    assert leader.tolist() == [min(cluster[one]) for one in range(300)]


def test_a_repeated_passage_stays_in_the_smallest_id_alone(tmp_path):
    writer = Writer(8)
    notice = "본 저작물은 공공누리에 따라 이용할 수 있으며 " + writer.text(160)
    texts = [writer.text(300) + "\n" + notice + "\n" + writer.text(200) for _ in range(3)] + [
        writer.text(400)
    ]
    rows = frame(texts).with_columns(pl.Series("id", ["b", "a", "c", "d"]))
    kept, _, _ = swept(Spans(least=80), [rows[:2], rows[2:]], tmp_path)
    left = {one["id"]: one for one in pl.concat(kept).to_dicts()}
    assert left["a"]["text"] == texts[1]
    assert left["d"]["text"] == texts[3]
    for one, text in (("b", texts[0]), ("c", texts[2])):
        assert 120 < left[one]["n_cut"] == len(text) - len(left[one]["text"]) <= len(notice) + 2
        assert left[one]["text"].startswith(text[:290])
        assert left[one]["text"].endswith(text[-190:])


def test_a_document_that_is_all_repeated_goes(tmp_path):
    writer = Writer(9)
    text = writer.text(400)
    rows = frame([text + writer.text(300), text[: len(text) - 20]])
    kept, _, ledger = swept(Spans(least=80, left=60), [rows], tmp_path)
    assert kept[0]["id"].to_list() == ["000000"]
    assert ledger.drops == {"spans:little_left": 1}


@pytest.fixture
def tests_of_models(tmp_path):
    questions = [
        {
            "question": f"다음 중 옳은 것을 모두 고르시오. {Writer(100 + number).text(60)}",
            "choices": ["하나", "둘"],
            "answer": 1,
        }
        for number in range(20)
    ]
    lines = tmp_path / "exam.jsonl"
    lines.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in questions), encoding="utf-8")
    table = tmp_path / "sheet.tsv"
    table.write_text("no\tq\n1\t" + Writer(300).text(60).replace("\n", " ") + "\n", encoding="utf-8")
    return questions, lines, table


def test_a_text_with_a_test_in_it_is_dropped_with_what_was_found(tests_of_models):
    questions, lines, table = tests_of_models
    plan = DecontaminatePlan(
        against=(BenchmarkPlan(name="exam", path=lines), BenchmarkPlan(name="sheet", path=table))
    )
    asked = questions[7]["question"].split("고르시오. ")[1]
    texts = [
        Writer(1).text(300),
        Writer(2).text(200) + asked.replace(" ", "").replace(".", "!") + Writer(3).text(200),
        "다음 중 옳은 것을 모두 고르시오. 다음 중 옳은 것을 모두 고르시오.",
        unicodedata.normalize("NFD", "시험에 나온 글: " + asked),
        asked[: len(asked) // 3] + Writer(4).text(100),
        "쪽지: " + Writer(300).text(60),
    ]
    step = Decontaminate(plan)
    marked = step.apply(frame(texts))
    assert marked["dropped"].to_list() == [
        None,
        "decontaminate:exam",
        None,
        "decontaminate:exam",
        None,
        "decontaminate:sheet",
    ]
    assert marked["item"].to_list() == [None, "exam#7", None, "exam#7", None, "sheet#0"]
    assert asked.split()[0].rstrip(".") in marked["evidence"][1]
    assert step.spec["tests"][0][0] == "exam"
    ledger = Ledger(0)
    assert ledger.kept(frame(texts), step, marked).columns == frame(texts).columns
    assert ledger.line["items"] == ["exam#7", "sheet#0"]
    assert all(one["what"] for one in ledger.line["samples"])


def test_a_test_that_cannot_be_read_is_named(tmp_path):
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{", encoding="utf-8")
    for path in (broken, tmp_path / "none.jsonl"):
        step = Decontaminate(DecontaminatePlan(against=(BenchmarkPlan(name="exam", path=path),)))
        with pytest.raises(SourceUnreadable, match="exam"):
            step.apply(frame(["가"]))


def mixture():
    writer = Writer(1)
    texts = [writer.text(100 + 40 * (number % 5)) for number in range(400)]
    return frame(texts).with_columns(
        pl.Series("source", ["news"] * 100 + ["law"] * 300),
        pl.Series("copies", [1 + number % 3 for number in range(400)], dtype=pl.Int32),
    )


@pytest.mark.parametrize(
    "weights", [{"news": 1.0, "law": 1.0}, {"news": 1.0, "law": 3.0}, {"news": 0.0, "law": 1.0}]
)
def test_sources_are_mixed_by_weight(weights, tmp_path):
    rows = mixture()
    kept, facts, _ = swept(Mix(MixPlan(weights=weights, most=2.0), 5), [rows[:150], rows[150:]], tmp_path)
    chars = pl.concat(kept).group_by("source").agg(pl.col("text").str.len_chars().sum())
    found = dict(chars.iter_rows())
    share = found.get("news", 0) / sum(found.values())
    assert abs(share - weights["news"] / sum(weights.values())) < 0.06
    assert facts["receipt"]["news"]["rows"] == 100
    assert facts["receipt"]["law"]["rate"] <= 2.0


def test_what_was_copied_often_is_taken_more_often_under_new_ids(tmp_path):
    kept, _, _ = swept(Mix(MixPlan(copied={"2": 2, "3": 3}), 5), [mixture()], tmp_path)
    times = (
        kept[0].with_columns(pl.col("id").str.replace("#.*", "").alias("of")).group_by("of", "copies").len()
    )
    assert (times["len"] == times["copies"]).all()
    assert kept[0]["id"].is_unique().all()


def test_a_curriculum_rises_from_bin_to_bin(tmp_path):
    rows = mixture()
    kept, _, _ = swept(Mix(MixPlan(order="length", bins=4), 5), [rows[:200], rows[200:]], tmp_path)
    lengths = pl.concat(kept).select("bin", pl.col("text").str.len_chars().alias("chars"))
    edges = (
        lengths.group_by("bin")
        .agg(pl.col("chars").min().alias("low"), pl.col("chars").max().alias("high"))
        .sort("bin")
    )
    assert edges["bin"].to_list() == [0, 1, 2, 3]
    assert (edges["high"][:-1] <= edges["low"][1:]).all()
    assert kept[0].filter(pl.col("bin") == 1)["text"].str.len_chars().is_sorted()


def test_the_same_seed_shuffles_alike_and_another_otherwise(tmp_path):
    orders = []
    for number, seed in enumerate((5, 5, 6)):
        kept, _, _ = swept(Mix(MixPlan(order="shuffled", bins=2), seed), [mixture()], tmp_path / str(number))
        orders.append(kept[0]["id"].to_list())
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2]) != orders[0]


def test_an_order_by_a_column_that_is_not_there_is_told():
    with pytest.raises(ColumnsLost, match="q_quality"):
        Mix(MixPlan(order="q_quality"), 0).keys(mixture())
