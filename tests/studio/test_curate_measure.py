"""The compiled measures of texts are those of the patterns that they stand for."""

import json
import random
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanbok.core.plugin import load, names
from hanbok.studio.curate import mentions
from hanbok.studio.curate.filtering import FILTERS
from hanbok.studio.curate.looking import holding, scripts
from hanbok.studio.curate.measure import MEASURES, Measuring, Words
from hanbok.studio.curate.mentions import mentioning
from hanbok.studio.curate.wording import wording
from studio.korean_texts import JUNK, page

SHARED = Path(__file__).parents[3] / "shared" / "data"
MEASURING = Measuring(load(FILTERS, key).seeks for key in names(FILTERS))
WANTED = {"top_1": 0.2, "top_2": 0.1, "dup_3": 0.1, "dup_4": 0.1, "over_40": 0.3}

SIGN = r"[!-@\[-`{-~\u00a1-\u00bf\u2000-\u2bff\u3000-\u303f\uff01-\uff20]"
BROKEN = (
    r"[\ufffd\ue000-\uf8ff]"
    r"|[ê-í][\u0080-\u00bf\u0152-\u0192\u02c6-\u02dc\u2013-\u203a\u20ac\u2122]{2}"
    r"|[\u00a1-\u00fe]{4}"
)
ENDED = r"""[의다은는이가을를에한고서로인요도와과면지게며자까네죠음됨함][.,!?…"'”’)\]」』]*[ \n]"""
PHRASES = (
    *(f"{one} " for one in "의다은는이가을를에한고로인년월요도와과면게"), "에서 ", "다.", "요.", "했", "있", "되", "하",
)  # fmt: skip
BULLET = r"^[ \t]*(?:[-*] |[•‣·ㆍ□△▶▷▼◆◇○●◎☆※→])"
CUT = r"(?:^|[^다요죠까음임함됨네지니고.… ])[ ]*(?:\.\.\.|…)[.… ]*$"
LINE_END = (
    r"""(?:[.!?。！？…؟]|[다요죠까음임함됨네오라][.!? ~]*)[ \t"'”’)\]」』》>]*$|[다요죠까음임함][.!?] .*$"""
)

ALPHABET = (
    "가나\n\n   \t.…!?~-*\"')]」>다요음고니에서했있하되년의를ㅋㅠㆎㄱ\u3164#{}<>;=\\|0129aZé"
    "ê\x80\xbfœ™\u00a1\u00fe\u00ff\ufffd\ue000\uf8ff•※→·「。！؟\u3000\uff01\u2000\U0001f600\U00020000\x00"
)


def by_pattern(texts):
    """Return the measures by regular expressions and lists, as they are meant."""
    frame = pl.DataFrame({"text": pl.Series("text", texts, dtype=pl.String)})
    text = pl.col("text")
    words = text.str.replace_all("\n", " ").str.replace_all("  +", " ").str.strip_chars(" ").str.split(" ")
    lines = text.str.replace_all("\n[\n ]*", "\n").str.strip_chars("\n ").str.split("\n")
    bare = text.str.extract_all(rf"(?:^|[ \n])(?:{SIGN}+(?:[ \n]+|$))+").list.join("")
    said, once = lines.list.join("").str.len_chars(), lines.list.unique(maintain_order=True).list.join("")
    count = {
        "chars": text.str.len_chars(),
        "words": words.list.len(),
        "lines": lines.list.len(),
        "jamo": text.str.count_matches("[ㄱ-ㆎ]"),
        "markup": text.str.count_matches(r"[{}<>;=\\|]"),
        "hashes": text.str.count_matches("#", literal=True),
        "ellipses": text.str.count_matches("...", literal=True) + text.str.count_matches("…", literal=True),
        "broken": text.str.count_matches(BROKEN),
        "bare": bare.str.count_matches(r"[^ \n]+"),
        "ended": text.str.count_matches(ENDED),
        "phrases": pl.sum_horizontal(text.str.contains(one, literal=True).cast(pl.Int64) for one in PHRASES),
        "bullets": lines.list.eval(pl.element().str.contains(BULLET)).list.sum(),
        "cut": lines.list.eval(pl.element().str.contains(CUT)).list.sum(),
        "line_ends": lines.list.eval(pl.element().str.contains(LINE_END)).list.sum(),
        "said": said,
        "again": lines.list.len() - lines.list.n_unique(),
        "said_again": said - once.str.len_chars(),
    }
    return frame.select(one.cast(pl.Int64).alias(name) for name, one in count.items())


def differing(texts):
    """Return the measures that are not alike, each with the first text of which they are not."""
    found, wanted = MEASURING.measured(pl.Series("text", texts, dtype=pl.String))[0], by_pattern(texts)
    assert tuple(found.columns) == tuple(wanted.columns) == MEASURES
    off = {name: (found[name] != wanted[name]).arg_true() for name in MEASURES}
    return {
        name: (texts[at[0]][:200], found[name][at[0]], wanted[name][at[0]])
        for name, at in off.items()
        if len(at)
    }


def shares(text):
    """Return the shares of words that are said again, counted one by one."""
    words = text.split()
    found = {"over_40": sum(len(one) for one in words if len(one) > 40)}
    for size in (1, 2):
        runs = Counter(tuple(words[at : at + size]) for at in range(len(words) - size + 1))
        weights = [count * sum(map(len, run)) for run, count in runs.items() if count > 1]
        found[f"top_{size}"] = max(weights, default=0) if len(words) > size else 0
    for size in (3, 4):
        seen, at, chars = set(), 0, 0
        while len(words) > size and at <= len(words) - size:
            run = tuple(words[at : at + size])
            chars += sum(map(len, run)) * (run in seen)
            at += size if run in seen else 1
            seen.add(run)
        found[f"dup_{size}"] = chars
    if found["dup_3"] * 2 <= WANTED["dup_3"] * max(1, len(text)):
        found["dup_4"] = 0
    if found["top_1"] * 2 <= min(WANTED["top_1"], WANTED["top_2"]) * max(1, len(text)):
        found["top_2"] = 0
    return {name: found[name] / max(1, len(text)) for name in WANTED}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.sampled_from(ALPHABET), max_size=60), min_size=1, max_size=12))
def test_measures_are_those_of_the_patterns(texts):
    assert differing(texts) == {}


def test_measures_of_pages_and_junk_are_those_of_the_patterns():
    texts = [make(random.Random(seed)) for make in (page, *JUNK.values()) for seed in range(8)]
    draw = random.Random(0)
    texts += ["".join(draw.choices(ALPHABET, k=draw.randrange(400))) for _ in range(3000)]
    texts += ["", " ", "\n", "- ", "- \n가", "다. ", "…", "....", "가 ...  ", "\t- 다"]
    assert differing(texts) == {}
    part = pl.Series("text", texts, dtype=pl.String)[
        7:-20
    ]  # a column that begins and ends within its buffers
    assert MEASURING.measured(part)[0].equals(by_pattern(part.to_list()))


@pytest.mark.parametrize(
    "name",
    ["curation/raw_ko.jsonl", "curation/raw_html.jsonl", "cls/kmhas_hate.jsonl", "parallel/sib200.jsonl"],
)
def test_measures_of_real_texts_are_those_of_the_patterns(name):
    if not (SHARED / name).is_file():
        pytest.skip("needs the shared data")
    rows = (json.loads(line) for line in (SHARED / name).read_text(encoding="utf-8").split("\n") if line)
    texts = [one for row in rows for one in row.values() if isinstance(one, str)]
    assert differing(texts) == {}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["가", "나다", "라", "a" * 41, "12"]), max_size=40), max_size=6))
def test_words_that_are_said_again_are_counted(said):
    texts = [" ".join(words) for words in said]
    words: Words = MEASURING.measured(pl.Series("text", texts, dtype=pl.String))[1]
    chars = pl.Series(map(len, texts), dtype=pl.Int64).to_numpy()
    assert wording(words, chars, WANTED).to_list() == [shares(text) for text in texts]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.sampled_from("가ㅋㅋㅋㅋ.. \n\n\u200b😀a"), max_size=20), min_size=1, max_size=12))
def test_what_must_be_spelt_anew_is_seen(texts):
    column = pl.Series("text", texts, dtype=pl.String)
    patterns = "\u200b", r"ㅋ{4}|[.]{4}", "  | \n|\n |\n\n\n|^[ \n]|[ \n]$"
    found = holding(column, "[\u200b]", "[ㅋ.]", 3)
    assert [one.to_list() for one in found] == [column.str.contains(one).to_list() for one in patterns]
    assert not holding(column, "[\u200b]", "[ㅋ.]", 0)[1].any()


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.text(st.sampled_from("가나a漢😀 "), max_size=30), min_size=1, max_size=8),
    st.sampled_from([1, 60]),
)
def test_scripts_are_counted_at_the_beginning_and_in_the_middle(some, times):
    texts = [text * times for text in some]
    sampled = [
        text if len(text) <= 10 else text[:5] + text[len(text) // 2 : len(text) // 2 + 5] for text in texts
    ]
    wanted = [[sum(one in some for one in text) for some in ("가나", "漢")] for text in sampled]
    assert scripts(pl.Series("text", texts), ("[가-힣]", "[一-鿿]"), 5).tolist() == wanted


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.sampled_from("가나다aB "), max_size=8), min_size=1, max_size=12), st.booleans())
def test_texts_that_hold_a_word_are_told_and_hardly_any_other(texts, caseless):
    column, sought = pl.Series("text", texts, dtype=pl.String), ["가나", "b a", "다다"]
    told = mentioning(column, sought, caseless=caseless)
    assert (told | ~column.str.contains_any(sought, ascii_case_insensitive=caseless)).all()
    beyond = pl.Series(["\n".join(texts[: at + 1]) for at in range(len(texts))]).str.replace_all("\n", "")
    assert (~told | beyond.str.contains_any(sought, ascii_case_insensitive=caseless)).all()
    part = column.slice(len(texts) // 2)
    assert (mentioning(part, sought) | ~part.str.contains_any(sought)).all()
    assert not mentioning(column, []).any()


def test_without_hyperscan_words_are_sought_by_polars(monkeypatch):
    monkeypatch.setattr(mentions, "fast", False)
    assert mentioning(pl.Series(["나다", "x가b", "가"]), ["가B"], caseless=True).to_list() == [
        False,
        True,
        False,
    ]
