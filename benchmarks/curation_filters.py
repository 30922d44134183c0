"""The steps of curation that look at contents, by CPU time, and the filters beside datatrove's with the same numbers.

    python benchmarks/curation_filters.py [--peer PYTHON] [--data DIR] [--megabytes N]

PYTHON is that of an environment with `datatrove==0.10.1 "kiwipiepy<0.22" nltk` (default $HANBOK_CURATION_PEER); without
it only hanbok is measured. Texts are the petitions and articles of law of the shared development data, repeated, and
junk out of a seed beside them for what is kept. Each figure is the best of three, with its reference in the same run:
the machine is never quiet.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # before polars is imported: one core is measured

import polars as pl

from hanbok.studio.curate.boilerplate import Boilerplate, BoilerplatePlan
from hanbok.studio.curate.filtering import Filtering, FilterPlan
from hanbok.studio.curate.languages import Language, LanguagePlan
from hanbok.studio.curate.licences import LicencePlan, Licences
from hanbok.studio.curate.normalise import Normalise, NormalisePlan
from hanbok.studio.curate.personal import Personal, PersonalPlan
from hanbok.studio.curate.reader import Source, reader_of
from hanbok.studio.curate.sensitive import Sensitive, SensitivePlan

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
from studio.korean_texts import JUNK  # noqa: E402 - tests are no package of the installation


def pages(data: Path) -> list[str]:
    lines = (data / "curation/raw_ko.jsonl").read_text(encoding="utf-8").split("\n")
    rows = [json.loads(line) for line in lines if line]
    return [row["text"] for row in rows if row["source"] != "nsmc-raw"]


def best(work: Callable[[], object], times: int = 3) -> float:
    """CPU seconds of this process."""
    took = []
    for _ in range(times):
        begin = time.process_time()
        work()
        took.append(time.process_time() - begin)
    return min(took)


def frame(texts: list[str]) -> pl.DataFrame:
    held = {"id": [str(at) for at in range(len(texts))], "text": texts}
    held |= {"source": ["s"] * len(texts), "origin": ["f"] * len(texts), "licence": ["KOGL-1"] * len(texts)}
    held |= {"opt_out": ["none"] * len(texts), "dropped": [None] * len(texts)}
    return pl.DataFrame(held, schema=dict.fromkeys(held, pl.String))


def measure_steps(texts: list[str]) -> float:
    """Print each step's rate and return that of the filters."""
    rows = frame(texts)
    size = sum(len(one.encode()) for one in texts) / 1e6
    source = Source(name="s", path="", licence="KOGL-1")
    steps = [
        Licences(LicencePlan(), [source]),
        Normalise(NormalisePlan()),
        Language(LanguagePlan()),
        Boilerplate(BoilerplatePlan()),
        Filtering(FilterPlan()),
        Sensitive(SensitivePlan()),
        Personal(PersonalPlan()),
    ]
    print(f"{size:.1f} MB in {len(texts)} texts; megabytes in a CPU second:")
    took = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "texts.jsonl"
        path.write_text(
            "\n".join(json.dumps({"text": one}, ensure_ascii=False) for one in texts), encoding="utf-8"
        )
        reader = reader_of(path, source)
        took["read (JSON Lines)"] = best(
            lambda: [list(reader.read(piece, source)) for piece in reader.split(path, 1 << 30)]
        )
    for step in steps:
        step.apply(rows.head(50))  # compiled and loaded before the clock runs
        took[step.name] = best(lambda step=step: step.apply(rows))
    for name, seconds in took.items():
        print(f"- {name}: {size / seconds:.1f}")
    print(f"- all of these: {size / sum(took.values()):.1f}")
    return size / took["filter"]


def kept(name: str, texts: list[str]) -> None:
    judged = Filtering(FilterPlan()).judged(
        Language(LanguagePlan()).apply(Normalise(NormalisePlan()).apply(frame(texts)))
    )
    print(
        f"- {name}: {judged.null_count()} of {len(texts)} kept ({100 * judged.null_count() / len(texts):.1f}%)"
    )


PEER = """
import json, sys, time
from datatrove.data import Document
from datatrove.pipeline.filters import FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter
import datatrove.pipeline.filters.gopher_quality_filter as a, datatrove.pipeline.filters.gopher_repetition_filter as b
import datatrove.pipeline.filters.fineweb_quality_filter as c
if sys.argv[2] == "whitespace":
    for one in (a, b, c):
        one.split_into_words = lambda text, language: text.split()
texts = json.load(open(sys.argv[1]))
words = "의 다 이 는 에 을 한 년 하 은 를 했 고 에서 가 있 으로 인 월 로 되".split()
filters = [
    GopherRepetitionFilter(language="kor_Hang", dup_line_frac=0.374, dup_para_frac=0, dup_line_char_frac=0,
        dup_para_char_frac=0, top_n_grams=((2, 0.282), (3, 0.228), (4, 0.185)),
        dup_n_grams=((5, 0.201), (6, 0.184), (7, 0.168), (8, 0.154), (9, 0.14), (10, 0.127))),
    FineWebQualityFilter(language="kor_Hang", short_line_thr=999, char_duplicates_ratio=0.1, line_punct_thr=0.062,
        new_line_ratio=0.196),
    GopherQualityFilter(language="kor_Hang", max_avg_word_length=6, min_avg_word_length=1, stop_words=words,
        max_non_alpha_words_ratio=0.791, min_stop_words=2),
]
def run():
    found = []
    for text in texts:
        document = Document(text=text, id="")
        found.append(all(one.filter(document) is True for one in filters))
    return found
texts, rest = texts[:3], texts
run()
texts = rest
took = []
for _ in range(int(sys.argv[3])):
    begin = time.process_time(); found = run(); took.append(time.process_time() - begin)
print(json.dumps({"seconds": min(took), "kept": found}))
"""


def measure_peer(python: str, texts: list[str], words: str, times: int) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(texts, file)
        file.flush()
        done = subprocess.run(
            [python, "-W", "ignore", "-c", PEER, file.name, words, str(times)],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        print(f"- datatrove, {words}: does not run here: {done.stderr.strip().splitlines()[-1][:160]}")
        return 0.0
    found = json.loads(done.stdout.splitlines()[-1])
    size = sum(len(one.encode()) for one in texts) / 1e6
    ours = Filtering(FilterPlan()).judged(frame(texts)).is_null().to_list()
    same = sum(one == two for one, two in zip(ours, found["kept"], strict=True)) / len(texts)
    print(
        f"- datatrove, {words}: {size / found['seconds']:.3f} MB in a CPU second, keeps "
        f"{100 * sum(found['kept']) / len(texts):.1f}% (of {len(texts)}), judges {100 * same:.1f}% as hanbok does"
    )
    return size / found["seconds"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", default=os.environ.get("HANBOK_CURATION_PEER", ""))
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared/data")
    parser.add_argument("--megabytes", type=float, default=12)
    asked = parser.parse_args()
    if not asked.data.is_dir():
        sys.exit(f"no data in {asked.data}")
    real = pages(asked.data)
    size = sum(len(one.encode()) for one in real) / 1e6
    ours = measure_steps(real * max(1, round(asked.megabytes / size)))
    print("\nWhat the default limits keep:")
    kept("petitions and articles of law", real)
    junk = [make(random.Random(seed)) for make in JUNK.values() for seed in range(40)]
    kept(f"junk of {len(JUNK)} kinds", junk)
    if not asked.peer:
        print(
            "\nNo peer. Recorded before: datatrove 0.10.1 filters 1.9 MB in a CPU second by whitespace, 0.03 by Kiwi"
        )
        return
    print("\nThe same published numbers in datatrove 0.10.1:")
    for words, texts, times in (("whitespace", real, 3), ("Kiwi", real[::16], 1)):
        if rate := measure_peer(asked.peer, texts, words, times):
            print(f"  hanbok's filters are {ours / rate:.0f} times as fast")


if __name__ == "__main__":
    main()
