"""Into how many tokens a model cuts a word: what Korean text costs with it, and how much of it fits a context."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from tokenizers import Tokenizer

from hanbok.studio.curate.errors import TokenizerUnreadable

_FILE: Final = "tokenizer.json"
_KINDS: Final = frozenset({"BPE", "Unigram", "WordPiece", "WordLevel", None})


class _Model(msgspec.Struct):
    type: str | None = None


class _Written(msgspec.Struct):
    model: _Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Fertility:
    """How a tokenizer cuts texts of one language."""

    model: str
    language: str
    words: int
    chars: int
    bytes: int
    tokens: int
    vocabulary: int
    whole: int
    """Words that are one token."""
    unknown: int
    """Tokens that stand for what the tokenizer cannot say."""

    @property
    def per_word(self) -> float:
        return self.tokens / max(self.words, 1)

    @property
    def chars_per_token(self) -> float:
        return self.chars / max(self.tokens, 1)


def fertility(model: Path, texts: Iterable[tuple[str, str]]) -> list[Fertility]:
    """Measure a tokenizer on texts, each with its language; words are what stands between spaces (eojeols).

    Raises TokenizerUnreadable.
    """
    tokenizer = tokenizer_of(model)
    by_language: dict[str, list[str]] = {}
    for language, text in texts:
        by_language.setdefault(language, []).append(text)
    return [
        _measured(model.name, tokenizer, language, some) for language, some in sorted(by_language.items())
    ]


def _measured(name: str, tokenizer: Tokenizer, language: str, texts: Sequence[str]) -> Fertility:
    encoded = [one.ids for one in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
    words = [word for text in texts for word in text.split()]
    alone = tokenizer.encode_batch([f" {word}" for word in dict.fromkeys(words)], add_special_tokens=False)
    whole = {word for word, one in zip(dict.fromkeys(words), alone, strict=True) if len(one.ids) == 1}
    lost = tokenizer.token_to_id("<unk>")
    return Fertility(
        model=name,
        language=language,
        words=len(words),
        chars=sum(map(len, texts)),
        bytes=sum(len(text.encode()) for text in texts),
        tokens=sum(map(len, encoded)),
        vocabulary=tokenizer.get_vocab_size(),
        whole=sum(word in whole for word in words),
        unknown=sum(one == lost for ids in encoded for one in ids) if lost is not None else 0,
    )


def tokenizer_of(path: Path) -> Tokenizer:
    """Return the tokenizer of a `tokenizer.json`, of a folder that holds one, or of a GGUF file.

    Raises TokenizerUnreadable.
    """
    file = path / _FILE if path.is_dir() else path
    if not file.is_file():
        raise TokenizerUnreadable(path=path, why="no such file")
    if file.suffix == ".gguf":
        from hanbok.studio.curate.gguf_tokenizer import of_gguf  # noqa: PLC0415 - only GGUF needs transformers

        return of_gguf(file)
    try:
        text = file.read_text(encoding="utf-8")
        kind = msgspec.json.decode(text, type=_Written).model.type
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise TokenizerUnreadable(path=file, why=type(error).__name__) from error
    if kind not in _KINDS:
        raise TokenizerUnreadable(path=file, why=f"model.type = {kind!r}")
    return Tokenizer.from_str(text)
