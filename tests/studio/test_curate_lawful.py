"""Personal data, records for auditors and machines, and a whole corpus by the command line, poison and all."""

import io
import json
import random
import re
from pathlib import Path

import polars as pl
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from hanbok.cli.main import FAILED
from hanbok.cli.verbs import run
from hanbok.core.errors import HanbokError
from hanbok.core.values import Language
from hanbok.guard.guard import Guard
from hanbok.settings.corpus_plan import CorpusPlanInvalid, read_corpus_plan
from hanbok.studio.artifacts import Kind, find, make
from hanbok.studio.curate.bill import expression, spdx
from hanbok.studio.curate.checking import doubts
from hanbok.studio.curate.croissant import croissant
from hanbok.studio.curate.errors import TokenizerUnreadable
from hanbok.studio.curate.fertility import fertility
from hanbok.studio.curate.finding import found_in, guard_for
from hanbok.studio.curate.personal import UNIQUE, Personal, PersonalPlan, hidden
from hanbok.studio.curate.plan import Curate
from hanbok.studio.curate.report import page as report_page
from hanbok.testing.korean import Identities
from studio.korean_texts import page
from studio.small_curation import Silent


def rows(*texts, column="text"):
    held = {
        "id": [str(one) for one in range(len(texts))],
        column: list(texts),
        "dropped": [None] * len(texts),
    }
    return pl.DataFrame(held, schema=dict.fromkeys(held, pl.String))


def people(seed, count=12):
    """Return texts that hold unique identifiers, and phone numbers beside them."""
    some = Identities(seed)
    made = (some.rrn, some.frn, some.passport, some.driver_license)
    labels = ("주민등록번호", "외국인등록번호", "여권번호", "운전면허번호")
    return [
        f"신청인의 {labels[one % 4]}는 {made[one % 4]()}이고 전화번호는 {some.mobile()}입니다."
        for one in range(count)
    ]


@pytest.mark.parametrize("action", ["mask", "hide", "pseudonym"])
def test_no_unique_identifier_is_left_whatever_is_done(action):
    texts = people(5)
    found = Personal(PersonalPlan(action=action)).apply(rows(*texts))
    guard = Guard.load(kinds=UNIQUE)
    kept = found.filter(pl.col("dropped").is_null())
    for text in kept["text"].to_list():
        assert not guard.find(text), text
    for before, text in zip(texts, found["text"].to_list(), strict=True):
        for number in re.findall(r"[0-9A-Z-]{9,}", before):
            assert number not in text
    assert found.select(pl.sum_horizontal(pl.col("^n_personal_.*$"))).sum().item() >= 2 * len(texts)


def test_what_was_found_is_counted_by_kind_and_dropped_when_told_so():
    texts = [*people(7, 4), "아무것도 없는 글입니다.", f"전화 {Identities(3).mobile()}"]
    found = Personal(PersonalPlan(action="drop")).apply(rows(*texts))
    kinds = [f"personal:{kind}" for kind in ("RRN", "FRN", "PASSPORT", "DRIVER_LICENSE")]
    assert found["dropped"].to_list() == [*kinds, None, "personal:PHONE"]
    only = Personal(PersonalPlan(drop=("RRN",))).apply(rows(*texts))["dropped"].to_list()
    assert only == ["personal:RRN", *[None] * 5]


def test_kinds_may_be_kept_but_never_unique_identifiers():
    texts = people(9, 1)
    [kept] = Personal(PersonalPlan(keep=("PHONE", "RRN"))).apply(rows(*texts))["text"].to_list()
    assert "[주민등록번호]" in kept
    assert re.search(r"01\d", kept)


def test_pseudonyms_are_the_same_run_after_run_and_only_for_what_is_no_unique_identifier():
    step = PersonalPlan(action="pseudonym")
    first = Personal(step).apply(rows(*people(11)))
    assert first.equals(Personal(step).apply(rows(*people(11))))
    assert all("[" in text for text in first["text"].to_list())


def test_numbers_in_messages_are_found_as_they_are_meant():
    number = Identities(2).mobile()
    said = [
        {"role": "user", "content": f"연락처\n{number}\n입니다"},
        {"role": "assistant", "content": "네", "name": "a"},
    ]
    frame = rows(json.dumps(said), column="messages")  # with escapes: no letter of Korean stands in it
    [written] = Personal(PersonalPlan()).apply(frame)["messages"].to_list()
    assert json.loads(written) == [{"role": "user", "content": "연락처\n[전화번호]\n입니다"}, said[1]]


def test_sensitive_topics_count_near_somebody_and_may_be_dropped():
    text = f"전화 {Identities(4).mobile()} 홍 씨는 우울증 진단을 받았다."
    assert Personal(PersonalPlan()).apply(rows(text, "우울증 진단이 늘었다."))[
        "n_topic_SENSITIVE"
    ].to_list() == [1, 0]
    gone = Personal(PersonalPlan(topics="drop")).apply(rows(text))["dropped"].to_list()
    assert gone == ["personal:topic_SENSITIVE"]


def test_texts_scanned_together_hold_what_each_holds_alone():
    guard = guard_for(names=False)
    texts = [*people(13, 20), *(page(one) for one in map(random.Random, range(60)))]
    texts[3:3] = ["010-1234", "-5678 이어진 줄", "공일공 이삼사오 육칠팔구", "０１０－１２３４－５６７８"]
    alone = {at: found for at, text in enumerate(texts) if (found := guard.find(text))}
    assert found_in(guard, texts) == alone


def test_samples_are_hidden():
    [text] = people(15, 1)
    assert "[주민등록번호]" in hidden(text)


# What a crawl and a careless export bring: read, dropped with one reason, or refused; never lost.
POISON = [
    b"not json",
    b'{"id": "utf8", "text": "\xff\xfe"}',
    b'{"id": "type", "text": 5}',
    b'{"id": "null", "text": null}',
    b'{"id": "none"}',
    b"[]",
    b'{"id": "controls", "text": "\\u0000\\u0001\\u200b"}',
    b'{"id": "long", "text": "' + b"x" * (5 << 20) + b'"}',
    b'{"id": "deep", "text": ' + b"[" * 4000 + b"]" * 4000 + b"}",
    b'{"id": "surrogate", "text": "\\ud800"}',
]


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("poisoned")
    texts = [*people(21, 8), *(page(random.Random(one)) for one in range(60))]
    good = [
        json.dumps({"id": f"p{at}", "text": f"{page(random.Random(900 + at))}\n{text}"})
        for at, text in enumerate(texts)
    ]
    lines = [one.encode() for one in good] + POISON
    random.Random(1).shuffle(lines)
    (folder / "crawl.jsonl").write_bytes(b"\n".join(lines))
    (folder / "plan.yaml").write_text(
        "curate:\n  sources:\n    - {name: crawl, path: crawl.jsonl, licence: KOGL-1, fetched: '2026-11-01'}\n",
        encoding="utf-8",
    )
    return folder / "plan.yaml"


@pytest.fixture(scope="module")
def corpus(plan, tmp_path_factory):
    stage = Curate(read_corpus_plan(plan), workers=1)
    store = tmp_path_factory.mktemp("store")
    return make(store, Kind.CORPUS, stage.name, stage.spec, {}, lambda half: stage.run({}, half, Silent()))


def test_rows_in_are_rows_kept_and_rows_dropped(corpus):
    facts = corpus.manifest.facts
    assert facts["read"] == 68 + len(POISON)
    assert facts["out"]["rows"] + sum(facts["drops"].values()) == facts["read"]
    read = {key: rows for key, rows in facts["drops"].items() if key.startswith("read:")}
    assert read == {
        "read:bad_utf8": 1,
        "read:no_field": 1,
        "read:no_text": 1,
        "read:not_json": 3,
        "read:too_long": 1,
        "read:wrong_type": 2,
    }
    assert facts["drops"]["normalise:empty"] == 1


def test_the_manifest_says_what_became_of_personal_data_and_by_what_right(corpus):
    facts = corpus.manifest.facts
    assert facts["unique_identifiers"] == 0
    assert facts["personal"]["checked"]
    assert set(facts["personal"]["treated"]) >= {"RRN", "FRN", "PASSPORT", "DRIVER_LICENSE", "PHONE"}
    assert facts["licences"][0]["licence"] == "KOGL-1"
    assert facts["purpose"] == "commercial"


def test_nothing_in_the_folder_holds_an_identifier(corpus):
    guard = Guard.load(kinds=UNIQUE)
    for path in corpus.path.glob("*.json*"):
        assert not guard.find(path.read_text(encoding="utf-8")), path.name
    for path in corpus.path.glob("*.parquet"):
        assert not any(guard.find(text) for text in pl.read_parquet(path)["text"].to_list())


def test_the_report_is_one_page_that_asks_nothing_of_anybody(corpus):
    for language in Language:
        html = report_page(corpus, language)
        assert not re.findall(r"(?:src|href)=|https?://|@import|<script", html)
        assert "KOGL-1" in html
    assert "버린 까닭" in report_page(corpus)


def test_what_a_page_says_is_text_in_the_report(plan, tmp_path):
    body = "<script>alert(1)</script>" * 30
    (tmp_path / "x.jsonl").write_text(
        "\n".join(json.dumps({"text": one}) for one in (body, page(random.Random(3)))), encoding="utf-8"
    )
    (tmp_path / "plan.yaml").write_text("sources: [{name: x, path: x.jsonl, licence: MIT}]", encoding="utf-8")
    stage = Curate(read_corpus_plan(tmp_path / "plan.yaml"), workers=1)
    made = make(tmp_path, Kind.CORPUS, stage.name, stage.spec, {}, lambda half: stage.run({}, half, Silent()))
    html = report_page(made)
    assert "&lt;script&gt;" in html
    assert "<script" not in html


def test_the_bill_of_materials_is_spdx(corpus):
    model = pytest.importorskip("spdx_python_model", reason="needs spdx-python-model").v3_0_1
    held = model.SHACLObjectSet()
    model.JSONLDDeserializer().read(io.BytesIO(json.dumps(spdx(corpus)).encode()), held)
    assert not held.missing_ids
    [root] = [one for one in held.foreach_type("dataset_DatasetPackage") if one.dataset_intendedUse]
    assert root.dataset_hasSensitivePersonalInformation.endswith("noAssertion")  # names were not looked for
    assert [
        one.simplelicensing_licenseExpression
        for one in held.foreach_type("simplelicensing_LicenseExpression")
    ] == ["LicenseRef-KOGL-1"]


@pytest.mark.parametrize(
    ("licence", "written"),
    [
        ("CC-BY-4.0", "CC-BY-4.0"),
        ("KOGL-3+AI", "LicenseRef-KOGL-3-AI"),
        ("LicenseRef-own", "LicenseRef-own"),
        ("우리 것 2", "LicenseRef------2"),
        ("", "NOASSERTION"),
        (None, "NOASSERTION"),
    ],
)
def test_licences_are_written_as_spdx_writes_them(licence, written):
    assert expression(licence) == written


def test_croissant_names_every_file_with_its_hash_and_every_column(corpus):
    told = croissant(corpus)
    assert {one["@id"]: one["sha256"] for one in told["distribution"]} == {
        name: held.sha256 for name, held in corpus.manifest.files.items()
    }
    shard = next(corpus.path.glob("*.parquet"))
    [records] = told["recordSet"]
    assert [one["source"]["extract"]["column"] for one in records["field"]] == list(
        pl.read_parquet_schema(shard)
    )


def test_nothing_stands_against_a_corpus_that_was_cleaned(corpus):
    assert not [one for one in doubts(corpus, scan=True) if one.stops]


def test_what_stands_against_one_that_was_not(tmp_path):
    texts = [{"text": f"{page(random.Random(at))} {one}"} for at, one in enumerate(people(31, 4))]
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, texts)), encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(
        "sources: [{name: x, path: x.jsonl, licence: MIT, opt_out: tdm}]\n"
        "licences: {opt_outs: record}\npersonal: null\ncopies: null\n",
        encoding="utf-8",
    )
    stage = Curate(read_corpus_plan(tmp_path / "plan.yaml"), workers=1)
    made = make(tmp_path, Kind.CORPUS, stage.name, stage.spec, {}, lambda half: stage.run({}, half, Silent()))
    assert made.manifest.facts["personal"] == {"checked": False}
    assert {one.what for one in doubts(made) if one.stops} == {"personal", "opt_out"}
    assert {one.what for one in doubts(made, scan=True)} >= {
        "RRN",
        "FRN",
        "PASSPORT",
        "DRIVER_LICENSE",
        "PHONE",
    }


@pytest.fixture
def tokenizer(tmp_path):
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    texts = [page(random.Random(one)) for one in range(30)]
    trainer = trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    made.train_from_iterator(texts, trainer)
    made.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def test_fertility_counts_what_the_tokenizer_does(tokenizer):
    text = page(random.Random(99))
    [found] = fertility(tokenizer, [("ko", text)])
    made = Tokenizer.from_file(str(tokenizer / "tokenizer.json"))
    assert found.tokens == len(made.encode(text).ids)
    assert found.words == len(text.split())
    assert 1 < found.per_word < 6
    assert found.vocabulary == made.get_vocab_size()
    [english] = fertility(tokenizer / "tokenizer.json", [("en", "The city replaces every light.")])
    assert english.per_word > found.per_word


@pytest.mark.parametrize("content", [b"", b"{}", b'{"model": {"type": "Magic"}}', b"\xff\xfe"])
def test_what_is_no_tokenizer_is_refused(tmp_path, content):
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(TokenizerUnreadable):
        fertility(tmp_path, [("ko", "글")])
    with pytest.raises(TokenizerUnreadable):
        fertility(tmp_path / "nobody", [("ko", "글")])


def test_the_command_line_makes_checks_and_tells(plan, tmp_path, capsys):
    out = tmp_path / "corpora"
    run(["corpus", "build", str(plan), "--out", str(out), "--workers", "1", "--json"])
    told = json.loads(capsys.readouterr().out)
    folder = told["folder"]
    assert told["digest"] == find(Path(folder)).digest
    assert run(["corpus", "stats", folder]) == 0
    assert "말뭉치" not in capsys.readouterr().err
    assert run(["corpus", "check", folder, "--scan"]) == 0
    assert run(["corpus", "report", folder, "-o", str(tmp_path / "r.html")]) == 0
    assert (tmp_path / "r.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    capsys.readouterr()
    run(["corpus", "bill", folder])
    assert json.loads(capsys.readouterr().out)["@graph"]
    run(["corpus", "build", str(plan), "--dry-run", "--json"])
    assert json.loads(capsys.readouterr().out)["cpu_seconds"] > 0


def test_a_damaged_corpus_does_not_pass(plan, tmp_path):
    stage = Curate(read_corpus_plan(plan), workers=1)
    made = make(tmp_path, Kind.CORPUS, stage.name, stage.spec, {}, lambda half: stage.run({}, half, Silent()))
    shard = next(made.path.glob("*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    with pytest.raises(HanbokError) as broken:
        run(["corpus", "check", str(made.path)])
    assert broken.value.code == "artifact_broken"
    assert FAILED == 3


def test_a_plan_that_is_wrong_is_told_with_its_line(tmp_path):
    (tmp_path / "plan.yaml").write_text(
        "sources:\n  - name: a\n    path: x\n    licens: MIT\n", encoding="utf-8"
    )
    with pytest.raises(CorpusPlanInvalid) as wrong:
        read_corpus_plan(tmp_path / "plan.yaml")
    assert "licens" in str(wrong.value)
    assert "plan.yaml" in str(wrong.value)
