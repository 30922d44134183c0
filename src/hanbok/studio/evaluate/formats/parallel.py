"""`id source texts{lang:text}`, with `label`: one text in several languages."""

from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item


class Parallel:
    """Options: `source` and `target`, languages to translate from and to; rows without both are passed over. With
    `classify`: true the text in `language` and its label.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._source = str(options.get("source") or options["language"])
        self._target = str(options.get("target", ""))
        self._classify = bool(options.get("classify", False))
        if not self._classify and not self._target:
            raise ValueError("options.target")

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        texts = row["texts"]
        golds = (str(row["label"]),) if self._classify else (texts.get(self._target, ""),)
        if self._source in texts and golds[0]:
            yield Item(
                id=str(row.get("id", place)),
                language=self._source,
                group=str(row.get("label") or row.get("source", "")),
                question=_unquoted(texts[self._source]),
                golds=tuple(_unquoted(one) for one in golds),
                facts={"target": self._target},
            )


def _unquoted(text: str) -> str:
    """SIB-200 keeps the marks of the table that it was cut from."""
    if text.startswith('"') and text.endswith('"') and '""' in text[1:-1]:
        return text.strip('" ').replace('""""', '"').replace('""', '"')
    return text
