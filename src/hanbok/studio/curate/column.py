"""Changing a column of texts where they need it, and nowhere else."""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec
import polars as pl

_DIALOGUE: Final = ("messages", "chosen", "rejected")


def where(texts: pl.Series, mask: pl.Series, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Return the texts, those of the mask changed."""
    at = mask.fill_null(value=False).arg_true()
    if not len(at):
        return texts
    if len(at) == len(texts):
        return change(texts).cast(texts.dtype).alias(texts.name)
    changed = change(texts.gather(at))
    order = pl.int_range(len(texts), eager=True, dtype=pl.UInt32).scatter(
        at, pl.int_range(len(texts), len(texts) + len(at), eager=True, dtype=pl.UInt32)
    )
    return pl.concat([texts, changed.cast(texts.dtype)]).gather(order).alias(texts.name)


def said(column: str, value: str, change: Callable[[str], str]) -> str:
    """Return a value of a column with what people said in it changed: the text, or the contents of messages.

    Texts inside JSON are changed as they are meant, not as JSON spells them: an escaped line end is no letter n.
    """
    if column not in _DIALOGUE:
        return change(value)
    try:
        decoded = msgspec.json.decode(value)
    except msgspec.DecodeError:
        return change(value)
    if not isinstance(decoded, list | dict):
        return change(value)
    for message in decoded if isinstance(decoded, list) else [decoded]:
        _mend(message, change)
    return msgspec.json.encode(decoded).decode()


def spoken(column: str, value: str) -> str:
    """Return what people said in a value of a column, as one text."""
    parts: list[str] = []

    def hear(text: str) -> str:
        parts.append(text)
        return text

    if column not in _DIALOGUE:
        return value
    said(column, value, hear)
    return "\n".join(parts)


def _mend(message: object, change: Callable[[str], str]) -> None:
    if not isinstance(message, dict):
        return
    content = message.get("content")
    if isinstance(content, str):
        message["content"] = change(content)
        return
    parts: Iterable[object] = content if isinstance(content, list) else ()
    for part in parts:
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            part["text"] = change(part["text"])
