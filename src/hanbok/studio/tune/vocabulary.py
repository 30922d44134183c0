"""New tokens for a base whose tokenizer cuts Korean too small (EEVE, arXiv 2402.14714)."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import torch

from hanbok.core.values import Text
from hanbok.studio.artifacts import Artifact, Facts, Kind
from hanbok.studio.rows import rows_of
from hanbok.studio.stage import Estimate, Progress
from hanbok.studio.tune.engines import Model, Tokenizer
from hanbok.studio.tune.errors import NothingToLearn, PlanUnfit
from hanbok.studio.tune.gate import texts_of
from hanbok.studio.tune.learner import NEW_TOKENS
from hanbok.studio.tune.opening import load_model, load_tokenizer, save_model, size_of
from hanbok.studio.tune.pieces import Piece, learn, words_of
from hanbok.studio.tune.plan import VocabularyPlan

_MIB: Final = 1 << 20


class Expand:
    """Makes a MODEL of `base` and `corpus`: the same model with more tokens, each begun as the mean of those that it
    stands for. Train it next with `train: embeddings`, then the rest.
    """

    name: str = "vocabulary"
    makes: Kind = Kind.MODEL

    def __init__(self, plan: VocabularyPlan) -> None:
        self.plan = plan

    @property
    def spec(self) -> Mapping[str, object]:
        return {"version": 1, **msgspec.to_builtins(self.plan)}

    def estimate(self, inputs: Mapping[str, Artifact]) -> Estimate:
        """Estimate from the sizes of files alone."""
        weights = size_of(inputs["base"].path) / _MIB
        packed = sum(path.stat().st_size for path in inputs["corpus"].path.glob("*.parquet")) / _MIB
        return Estimate(
            cpu_seconds=20 + packed * 12 + weights / 100,
            memory_mib=weights * 2.2 + packed * 20 + 600,
            disk_mib=weights * 1.1,
        )

    def run(self, inputs: Mapping[str, Artifact], folder: Path, progress: Progress) -> Facts:
        """Raise PlanUnfit for a tokenizer that is not byte-pair encoding, NothingToLearn, BaseUnusable."""
        base, corpus = inputs["base"], inputs["corpus"]
        tokenizer = load_tokenizer(base.path)
        written: dict[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())
        if written["model"].get("type") != "BPE":
            raise PlanUnfit(
                why=Text(ko="BPE 토크나이저가 아닙니다", en="its tokenizer is no byte-pair encoding")
            )
        progress.begin(Text(ko="낱말 세기", en="Counting words"), None, "row")
        words = _count(tokenizer, corpus, progress)
        known = frozenset(written["model"]["vocab"])
        progress.begin(Text(ko="토큰 배우기", en="Learning tokens"), None, "token")
        pieces = learn(words, self.plan.tokens, self.plan.least_count, known)
        if not pieces:
            raise NothingToLearn(rows=sum(words.values()))
        progress.advance(len(pieces))
        model = load_model(base.path)
        taken = [*written["model"]["vocab"].values(), *(one["id"] for one in written["added_tokens"])]
        first = max(taken) + 1
        _grow(model, tokenizer, pieces, first)
        save_model(model, folder)
        tokenizer.save_pretrained(str(folder))
        _extend(folder / "tokenizer.json", pieces, first)
        grown = load_tokenizer(folder)
        return {
            "licence": base.manifest.facts.get("licence", ""),
            "tokens_added": len(pieces),
            "tokens_per_word_before": _fertility(words, None),
            "tokens_per_word_after": _fertility(words, grown, tokenizer),
        }


def _count(tokenizer: Tokenizer, corpus: Artifact, progress: Progress) -> Counter[tuple[str, ...]]:
    words: Counter[tuple[str, ...]] = Counter()
    for row in rows_of(corpus):
        for text in texts_of(row):
            words.update(words_of(tokenizer.tokenize(text)))
        progress.advance(1)
    return words


def _grow(model: Model, tokenizer: Tokenizer, pieces: Iterable[Piece], first: int) -> None:
    pieces = list(pieces)
    rows = max(model.get_input_embeddings().weight.shape[0], first + len(pieces))
    model.resize_token_embeddings(rows, mean_resizing=False)
    weights = {
        id(one): one for one in (model.get_input_embeddings().weight, model.get_output_embeddings().weight)
    }
    with torch.no_grad():
        for at, piece in enumerate(pieces, first):
            old = tokenizer.convert_tokens_to_ids(list(piece.old))
            for weight in weights.values():
                weight[at] = weight[old].mean(dim=0)
    setattr(model.config, NEW_TOKENS, [first, len(pieces)])


def _extend(path: Path, pieces: Iterable[Piece], first: int) -> None:
    """Write the merges behind those that are there: they apply last, so that old texts are cut as before, and then
    joined further.
    """
    written: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    model = written["model"]
    as_lists = not model["merges"] or isinstance(model["merges"][0], list)
    for at, piece in enumerate(pieces, first):
        model["vocab"][piece.text] = at
        model["merges"].append(list(piece.pair) if as_lists else " ".join(piece.pair))
    path.write_text(json.dumps(written, ensure_ascii=False), encoding="utf-8")


def _fertility(
    words: Mapping[tuple[str, ...], int], grown: Tokenizer | None, old: Tokenizer | None = None
) -> float:
    """Return the tokens of a word of the corpus, on average."""
    total = 0
    for word, count in words.items():
        cut = len(grown.tokenize(old.convert_tokens_to_string(list(word)))) if grown and old else len(word)
        total += cut * count
    return round(total / max(1, sum(words.values())), 3)
