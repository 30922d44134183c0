"""Finds near-copies with one tool and prints what it took. Run in an environment that has the tool.

copies.py TOOL FILE: FILE holds one JSON object a line with `id` and `text`. Characters, 5-grams with spaces dropped,
126 hashes; each tool with its own banding at about the same threshold. The smallest id of a cluster stays.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

GRAM = 5
THRESHOLD = 0.65


def read(path: Path) -> tuple[list[str], list[str]]:
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    return [row["id"] for row in rows], [row["text"] for row in rows]


def folded(text: str) -> list[str]:
    """The same form that hanbok compares: NFKC, letters and digits, digits 0, no spaces."""
    import unicodedata  # noqa: PLC0415 - counted as the tool's own cost below

    text = "".join(
        "0" if one.isdigit() else one for one in unicodedata.normalize("NFKC", text).lower() if one.isalnum()
    )
    return [text[at : at + GRAM] for at in range(max(1, len(text) - GRAM + 1))]


def joined(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Rows that stay: the first of each cluster."""
    leader = list(range(count))

    def root(one: int) -> int:
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        leader[high] = low
    return [one for one in range(count) if leader[one] == one]


def datasketch(path: Path) -> tuple[list[str], list[int]]:
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415 - only in its own environment

    ids, texts = read(path)
    lsh = MinHashLSH(num_perm=126, params=(18, 7))
    pairs = []
    for row, sketch in enumerate(
        MinHash.generator(([g.encode() for g in folded(text)] for text in texts), num_perm=126)
    ):
        pairs += [(int(one), row) for one in lsh.query(sketch)]
        lsh.insert(str(row), sketch)
    return ids, joined(len(ids), pairs)


def rensa(path: Path) -> tuple[list[str], list[int]]:
    from rensa import RMinHash, RMinHashLSH  # noqa: PLC0415 - only in its own environment

    ids, texts = read(path)
    lsh = RMinHashLSH(threshold=THRESHOLD, num_perm=126, num_bands=18)
    pairs = []
    for row, text in enumerate(texts):
        sketch = RMinHash(num_perm=126, seed=42)
        sketch.update(folded(text))
        pairs += [(one, row) for one in lsh.query(sketch)]
        lsh.insert(row, sketch)
    return ids, joined(len(ids), pairs)


def daft(path: Path) -> tuple[list[str], list[int]]:
    """Daft has no character shingles: a space between all characters makes each a word."""
    import daft as tool  # noqa: PLC0415 - only in its own environment
    from daft import col  # noqa: PLC0415

    frame = tool.read_json(str(path))
    form = col("text").normalize(remove_punct=True, lowercase=True, nfd_unicode=False, white_space=True)
    form = form.regexp_replace(r"\s+", "").regexp_replace(r"[0-9]", "0").regexp_replace(r"(.)", "$1 ")
    rows = frame.with_column("sketch", form.minhash(num_hashes=126, ngram_size=GRAM, hash_function="xxhash"))
    held = rows.select("id", "sketch").to_pydict()
    seen: dict[tuple[int, bytes], int] = {}
    pairs = []
    import numpy as np  # noqa: PLC0415

    sketches = np.array(held["sketch"], np.uint32).reshape(-1, 18, 7)
    for band in range(18):
        for row, key in enumerate(
            sketches[:, band].tobytes()[at : at + 28] for at in range(0, 28 * len(sketches), 28)
        ):
            first = seen.setdefault((band, key), row)
            if first != row:
                pairs.append((first, row))
    return held["id"], joined(len(held["id"]), pairs)


TOOLS: dict[str, Callable[[Path], tuple[list[str], list[int]]]] = {
    "datasketch": datasketch,
    "rensa": rensa,
    "daft": daft,
}


def main() -> None:
    tool, path = TOOLS[sys.argv[1]], Path(sys.argv[2])
    few = path.with_suffix(".few")  # what is imported and started once is not counted
    few.write_bytes(b"\n".join(path.read_bytes().splitlines()[:20]))
    tool(few)
    start = time.process_time()
    ids, kept = tool(path)
    print(json.dumps({"cpu": time.process_time() - start, "kept": [ids[row] for row in kept]}))


if __name__ == "__main__":
    main()
