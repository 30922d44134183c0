"""`hanbok corpus fertility`: into how many tokens a model's tokenizer cuts a word."""

from pathlib import Path
from typing import Annotated, Any

import polars as pl
from cyclopts import Parameter

from hanbok.cli.options import Json
from hanbok.cli.output import print_rows
from hanbok.cli.scan import Unreadable
from hanbok.cli.words import say
from hanbok.documents.characters import decoded
from hanbok.studio.artifacts import Kind, find
from hanbok.studio.curate.fertility import Fertility, fertility
from hanbok.studio.curate.languages import languages
from hanbok.studio.curate.said import texts_in
from hanbok.studio.rows import shards_of


def measure(
    *models: Annotated[
        Path,
        Parameter(
            help=say("tokenizer.json, 그 폴더, 또는 GGUF.", "A tokenizer.json, its folder, or a GGUF file.")
        ),
    ],
    corpus: Annotated[
        Path | None, Parameter(help=say("이 말뭉치의 글로 잽니다.", "Measure on this corpus."))
    ] = None,
    text: Annotated[
        Path | None, Parameter(help=say("이 글 파일로 잽니다.", "Measure on this text file."))
    ] = None,
    limit: Annotated[int, Parameter(help=say("많아야 이만큼의 글.", "At most so many texts."))] = 1000,
    json: Json = False,
) -> None:
    """Print tokens per word, by model and language."""
    texts = _texts(corpus, text, limit)
    found = [one for model in models for one in fertility(model, texts)]
    columns = {
        "model": say("모델", "model"),
        "language": say("언어", "language"),
        "words": say("어절", "words"),
        "tokens": say("토큰", "tokens"),
        "per_word": say("어절당 토큰", "tokens per word"),
        "chars_per_token": say("토큰당 글자", "characters per token"),
        "whole": say("한 토큰인 어절 %", "words of one token %"),
        "unknown": say("모르는 토큰", "unknown"),
        "vocabulary": say("어휘", "vocabulary"),
    }
    print_rows([_cut(one) for one in found], columns, json=json, empty=say("글이 없습니다", "no texts"))


def _cut(one: Fertility) -> dict[str, Any]:
    return {
        "model": one.model,
        "language": one.language,
        "words": one.words,
        "tokens": one.tokens,
        "per_word": round(one.per_word, 2),
        "chars_per_token": round(one.chars_per_token, 2),
        "whole": round(100 * one.whole / max(one.words, 1), 1),
        "unknown": one.unknown,
        "vocabulary": one.vocabulary,
    }


def _texts(corpus: Path | None, text: Path | None, limit: int) -> list[tuple[str, str]]:
    """Return texts with their languages: of a corpus, or the paragraphs of a file."""
    if corpus is not None:
        found = _of_corpus(corpus, limit)
    elif text is not None:
        found = _of_file(text)[:limit]
    else:
        return []
    named = languages(pl.Series("text", found, dtype=pl.String))["language"].to_list()
    return list(zip(named, found, strict=True))


def _of_corpus(folder: Path, limit: int) -> list[str]:
    texts: list[str] = []
    for shard in shards_of(find(folder, Kind.CORPUS)):
        texts += texts_in(shard, limit - len(texts)).to_list()
        if len(texts) >= limit:
            break
    return texts


def _of_file(path: Path) -> list[str]:
    try:
        whole = decoded(path.read_bytes())
    except OSError as error:
        raise Unreadable(file=path, why=error.strerror) from None
    return [one for one in whole.split("\n\n") if one.strip()]
