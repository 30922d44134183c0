"""Rows out of what a reader found: one for everything that was there, also for what could not be read."""

from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Final

import msgspec
import polars as pl

from hanbok.studio.curate.page import Page, page_of
from hanbok.studio.curate.reader import Source, SourceMisread, schema_of

BATCH: Final = 1 << 20
"""Characters after which a reader hands on what it has."""
_ROLES: Final = {"human": "user", "gpt": "assistant", "bot": "assistant", "chatgpt": "assistant"}
"""Names of roles in lists of `from` and `value`."""


class Unfit(ValueError):
    """A row that cannot be used; its argument is the reason."""


class Template:
    """`title` is the value of that key; `{title}: {body}` is a text with such values in it."""

    def __init__(self, written: str) -> None:
        parsed = Formatter().parse(written) if "{" in written else [("", written, None, None)]
        self._parts = [(literal, key) for literal, key, _, _ in parsed]
        self.keys = [key for _, key in self._parts if key]
        self._alone = "{" not in written

    def fill(self, values: Mapping[str, object]) -> str:
        """Return the text, empty where all values are. Raises Unfit."""
        if self._alone and self.keys[0] in values and not isinstance(values[self.keys[0]], str | None):
            raise Unfit("wrong_type")  # a number may stand in a sentence, it is no text
        found = [(literal, _word(values, key) if key else None) for literal, key in self._parts]
        if self.keys and not any(value for _, value in found):
            return ""
        return "".join(literal + (value or "") for literal, value in found)


class Maker:
    """Collects the rows of one piece of a source."""

    def __init__(self, source: Source, path: Path) -> None:
        self._source, self._path = source, path
        self._schema = schema_of(source)
        self._text = Template(source.text)
        self._turns = (
            [(one.role, Template(one.content)) for one in source.messages]
            if isinstance(source.messages, tuple)
            else []
        )
        self._answers = {
            name: Template(one)
            for name, one in (("chosen", source.chosen), ("rejected", source.rejected))
            if one
        }
        self._rows: list[tuple[str | None, ...]] = []
        self._size = 0
        self.fits = False
        """Whether any row had what the recipe names."""

    @property
    def full(self) -> bool:
        return self._size >= BATCH

    def add(self, place: object, values: Mapping[str, object], page: Page | None = None) -> None:
        """Add the row of these values; `place` makes its id where it has none."""
        name = values.get(self._source.id)
        at = name if isinstance(name, str) and name else str(name) if type(name) is int else self._at(place)
        try:
            if page is None and self._source.html:
                page = page_of(self._text.fill(values))
            said = self._said(values, page)
        except Unfit as unfit:
            self._put(at, {}, values, page, str(unfit))
            return
        self.fits = True
        self._put(at, said, values, page, None if all(said.values()) else "no_text")

    def refuse(self, place: object, reason: str) -> None:
        """Add a row that cannot be read."""
        self._put(self._at(place), {}, {}, None, reason)

    def frame(self) -> pl.DataFrame:
        """Return the rows since the last time."""
        rows, self._rows, self._size = self._rows, [], 0
        columns = zip(*rows, strict=True) if rows else ((),) * len(self._schema)
        return pl.DataFrame(dict(zip(self._schema, columns, strict=True)), schema=dict(self._schema))

    def misread(self, known: Mapping[str, object]) -> SourceMisread:
        """Return the error of a recipe that names what is in no row."""
        wanted = [one for template in self._templates() for one in template.keys]
        if isinstance(self._source.messages, str):
            wanted.append(self._source.messages)
        missing = next((one for one in wanted if one not in known), self._source.text)
        return SourceMisread(
            source=self._source.name, path=self._path.name, field=missing, known=", ".join(sorted(known)[:20])
        )

    def _templates(self) -> list[Template]:
        if self._source.messages or self._answers:
            return [*(template for _, template in self._turns), *self._answers.values()]
        return [self._text]

    def _at(self, place: object) -> str:
        return f"{self._path.name}@{place}"

    def _said(self, values: Mapping[str, object], page: Page | None) -> dict[str, str]:
        if page is not None:
            return {"text": page.text}
        if not self._source.messages and not self._answers:
            return {"text": self._text.fill(values)}
        messages = (
            _listed(values, self._source.messages)
            if isinstance(self._source.messages, str)
            else _turns(self._turns, values)
        )
        answers = {name: one.fill(values) for name, one in self._answers.items()}
        return {"messages": msgspec.json.encode(messages).decode() if messages else "", **answers}

    def _put(
        self,
        at: str,
        said: Mapping[str, str],
        values: Mapping[str, object],
        page: Page | None,
        reason: str | None,
    ) -> None:
        source = self._source
        own = [
            said.get(name, "") for name in self._schema if name in {"text", "messages", "chosen", "rejected"}
        ]
        self._size += sum(map(len, own)) + 100
        self._rows.append(
            (
                at,
                *own,
                source.name,
                _named(values, source.origin) or (page.url if page else "") or self._path.name,
                _named(values, source.licence_key) or (page.licence if page else "") or source.licence,
                (page.fetched if page else "") or source.fetched,
                (page.opt_out if page else "") or source.opt_out,
                f"read:{reason}" if reason else None,
            )
        )


def _turns(turns: list[tuple[str, Template]], values: Mapping[str, object]) -> list[dict[str, str]]:
    said = [(role, template.fill(values).strip()) for role, template in turns]
    if not said or not said[-1][1]:
        return []  # a dialogue that lacks its last turn, the answer, teaches nothing
    return [{"role": role, "content": content} for role, content in said if content]


def _listed(values: Mapping[str, object], key: str) -> list[dict[str, object]]:
    """Return a dialogue that is in the row already: OpenAI's list, or one of `from` and `value`."""
    found = values.get(key)
    if found is None:
        raise Unfit("no_field")
    if isinstance(found, str):
        try:
            found = msgspec.json.decode(found)
        except msgspec.DecodeError:
            raise Unfit("wrong_type") from None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Unfit("wrong_type")
    return [_message(one) for one in found]


def _message(one: dict[str, object]) -> dict[str, object]:
    role, content = one.get("role", one.get("from")), one.get("content", one.get("value"))
    if not isinstance(role, str) or not isinstance(content, str | list | None):
        raise Unfit("wrong_type")
    rest = {key: value for key, value in one.items() if key in {"tool_calls", "tool_call_id", "name"}}
    return {"role": _ROLES.get(role, role), "content": content, **rest}


def _word(values: Mapping[str, object], key: str) -> str:
    match _reached(values, key):
        case str() as text:
            return text
        case None:
            return ""
        case bool():
            raise Unfit("wrong_type")
        case int() | float() as number:
            return str(number)
        case list() as many if all(isinstance(one, str) for one in many):
            return ", ".join(many)
        case _:
            raise Unfit("wrong_type")


def _reached(values: Mapping[str, object], key: str) -> object:
    """Return the value of a key, or of a path such as `meta.category`. Raises Unfit."""
    if key in values:
        return values[key]
    first, _, rest = key.partition(".")
    below = values.get(first)
    if not rest or not isinstance(below, dict):
        raise Unfit("no_field")
    return _reached(below, rest)


def _named(values: Mapping[str, object], key: str) -> str:
    found = values.get(key) if key else None
    return found if isinstance(found, str) else ""
