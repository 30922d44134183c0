"""Like questions: how many hit that may, and how many that must not, with the embedding model that hanbok carries.

    python benchmarks/resembling.py [PAIRS...]

A pair is a kind, a question and another, by tabs; those of the kind `same` may have one answer, all others must not.
"""

import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path

from hanbok.core.values import Destination, Zone
from hanbok.gateway.answering.aside import Aside
from hanbok.gateway.answering.embedder import Embedder, cosine
from hanbok.gateway.answering.sameness import words_of
from hanbok.gateway.asking import Place
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.endpoints.embedded import Embedded
from hanbok.gateway.upstream import Timeouts
from hanbok.gateway.upstreams.http1 import Http1

HERE = Path(__file__).resolve().parents[1] / "tests" / "gateway"
THRESHOLDS = (0.8, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)
TIMEOUTS = Timeouts(connect=5, first=60, idle=60, total=60)


async def main(files: list[Path]) -> None:
    pairs = [
        tuple(line.split("\t"))
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    upstream = Http1()
    with tempfile.TemporaryDirectory() as folder:
        home = Destination(endpoint="home", country="KR", zone=Zone.HOME, operator="self")
        config = EndpointConfig(
            destination=home, options={"serves": "embeddings"}, private=True, state=Path(folder)
        )
        endpoint = Embedded(config, upstream)
        await endpoint.start()
        try:
            embedder = Embedder(Aside(Place(endpoint, TIMEOUTS), upstream, "gemma-3-270m", 120))
            scored = []
            for kind, one, other in pairs:
                likeness = cosine(await embedder.embed(one), await embedder.embed(other))
                scored.append((kind == "same", kind, one, other, likeness))
        finally:
            await endpoint.close()
            await upstream.close()
    tell(scored)


def tell(scored: list[tuple[bool, str, str, str, float]]) -> None:
    total = Counter(same for same, *_ in scored)
    print(f"{total[True]} pairs may have one answer, {total[False]} must not")
    print("threshold  embedding alone: hits, false    with the same words: hits, false")
    for threshold in THRESHOLDS:
        row = [f"{threshold:9}"]
        for guarded in (False, True):
            hits = Counter(
                same
                for same, _, one, other, likeness in scored
                if likeness >= threshold and (not guarded or words_of(one) == words_of(other))
            )
            row.append(f"{hits[True]:22} {hits[False]:4}")
        print("  ".join(row))
    for _, kind, one, other, likeness in scored:
        if kind != "same" and words_of(one) == words_of(other):
            print(f"false, {kind}, {likeness:.3f}: {one} / {other}")


if __name__ == "__main__":
    asyncio.run(main([Path(one) for one in sys.argv[1:]] or [HERE / "questions.tsv"]))
