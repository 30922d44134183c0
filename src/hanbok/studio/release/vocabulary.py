"""A `tokenizer.json` as GGUF keeps vocabularies: byte-level BPE as `gpt2`, BPE that falls back to bytes as `llama`."""

import json
from collections.abc import Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

from hanbok.studio.release.errors import ExportUnsupported
from hanbok.studio.release.gguf_file import key

_SPACE: Final = "\u2581"
_LEAST: Final = -1000.0
_PRE: Final = {
    # How text is cut before BPE: llama.cpp knows the patterns by name.
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+": "llama-bpe",  # noqa: E501
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+": "qwen2",  # noqa: E501
}
_SPECIAL: Final = {"bos": "bos_token", "eos": "eos_token", "unknown": "unk_token", "padding": "pad_token"}


class Sort(IntEnum):
    """How llama.cpp treats a token."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


def vocabulary_keys(source: Path, rows: int) -> list[bytes]:
    """Return the keys of the tokenizer in a model's folder, of as many tokens as its embedding has rows. Raises
    ExportUnsupported.
    """
    told = _json(source / "tokenizer.json")
    model = told["model"]
    if model.get("type") != "BPE":
        raise ExportUnsupported(what="tokenizer.json", why=str(model.get("type")))
    tokens, sorts = _tokens(told, rows)
    merges = [" ".join(one) if isinstance(one, list) else one for one in model["merges"]]
    pattern = _pre(told)
    if pattern is None:
        keys = [key("tokenizer.ggml.model", "llama"), key("tokenizer.ggml.pre", "default")]
        keys.append(key("tokenizer.ggml.scores", _scores(tokens, merges)))
        keys.append(key("tokenizer.ggml.add_space_prefix", value=_adds_space(told)))
    else:
        keys = [key("tokenizer.ggml.model", "gpt2"), key("tokenizer.ggml.pre", pattern)]
        if merges:
            keys.append(key("tokenizer.ggml.merges", merges))
    keys += [
        key("tokenizer.ggml.tokens", tokens),
        key("tokenizer.ggml.token_type", [int(one) for one in sorts]),
    ]
    return keys + _special(source, told, tokens)


def _json(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExportUnsupported(what=path.name, why=type(error).__name__) from error
    return found


def _tokens(told: Mapping[str, Any], rows: int) -> tuple[list[str], list[Sort]]:
    tokens = [f"[PAD{number}]" for number in range(rows)]
    sorts = [Sort.UNUSED] * rows
    for text, number in told["model"]["vocab"].items():
        tokens[number], sorts[number] = text, Sort.BYTE if _is_byte(text) else Sort.NORMAL
    for one in told.get("added_tokens", ()):
        tokens[one["id"]] = one["content"]
        sorts[one["id"]] = Sort.CONTROL if one["special"] else Sort.USER_DEFINED
    unknown = told["model"].get("unk_token")
    if unknown in tokens:
        sorts[tokens.index(unknown)] = Sort.UNKNOWN
    return tokens, sorts


def _is_byte(text: str) -> bool:
    return len(text) == 6 and text.startswith("<0x") and text.endswith(">")  # noqa: PLR2004 - <0xEA>


def _scores(tokens: Sequence[str], merges: Sequence[str]) -> list[float]:
    """Score each token by the rank of the merge that makes it, so that the best pair is the same as in BPE."""
    ranks: dict[str, int] = {}
    for rank, merge in enumerate(merges):
        ranks.setdefault(merge.replace(" ", "", 1), rank)
    return [-float(ranks[token]) if token in ranks else _LEAST * 1000 for token in tokens]


def _pre(told: Mapping[str, Any]) -> str | None:
    """Return llama.cpp's name of how text is cut; None: it is not, and spaces are characters like others."""
    cutter = told.get("pre_tokenizer") or {}
    parts = cutter.get("pretokenizers", [cutter])
    if not any(one.get("type") == "ByteLevel" for one in parts):
        if told["model"].get("byte_fallback"):
            return None
        raise ExportUnsupported(what="tokenizer.json", why="neither byte-level nor with byte fallback")
    patterns = [one["pattern"].get("Regex", "") for one in parts if one.get("type") == "Split"]
    if not patterns:
        return "gpt-2"
    if len(patterns) > 1 or patterns[0] not in _PRE:
        raise ExportUnsupported(what="tokenizer.json", why="pre_tokenizer")
    return _PRE[patterns[0]]


def _adds_space(told: Mapping[str, Any]) -> bool:
    return _SPACE in json.dumps(told.get("normalizer"), ensure_ascii=False) and '"Prepend"' in json.dumps(
        told.get("normalizer")
    )


def _special(source: Path, told: Mapping[str, Any], tokens: Sequence[str]) -> list[bytes]:
    path = source / "tokenizer_config.json"
    config = _json(path) if path.exists() else {}
    keys: list[bytes] = []
    for name, field in _SPECIAL.items():
        text = config.get(field)
        text = text.get("content") if isinstance(text, dict) else text
        if text in tokens:
            keys.append(key(f"tokenizer.ggml.{name}_token_id", tokens.index(text)))
    begins = '"SpecialToken"' in json.dumps(told.get("post_processor")) or bool(config.get("add_bos_token"))
    return [*keys, key("tokenizer.ggml.add_bos_token", value=begins)]
