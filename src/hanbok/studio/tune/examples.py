"""Rows of a corpus as tokens, with the ones to learn marked."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from hanbok.core.values import Text
from hanbok.studio.tune.dialogue import Message, Span, Writer
from hanbok.studio.tune.engines import Tokenizer
from hanbok.studio.tune.errors import NothingToLearn, RowUnreadable
from hanbok.studio.tune.plan import TunePlan

Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Example:
    """Tokens of one row. `learn` are the places, from 1 on, whose token is to be predicted from those before it."""

    ids: tuple[int, ...]
    learn: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """The same question with a chosen and a rejected answer."""

    chosen: Example
    rejected: Example


class Reader:
    """Reads rows for one method."""

    def __init__(self, tokenizer: Tokenizer, writer: Writer, plan: TunePlan) -> None:
        self._tokenizer, self._writer, self._length = tokenizer, writer, plan.length
        self._read: Callable[[Row], Iterator[Any]] = {
            "answers": self._answers,
            "text": self._text,
            "preference": self._preference,
        }[plan.method]

    def read(self, rows: Iterable[Row]) -> list[Example | Pair]:
        """Return the examples of all rows. Raises RowUnreadable, TemplateUnfit, NothingToLearn."""
        made: list[Example | Pair] = []
        count = 0
        for row in rows:
            count += 1
            made += self._read(row)
        if not made:
            raise NothingToLearn(rows=count)
        return made

    def _answers(self, row: Row) -> Iterator[Example]:
        one = self._dialogue(_messages(row, "messages"))
        if one.learn:
            yield one

    def _dialogue(self, messages: list[Message]) -> Example:
        text, spans = self._writer.write(messages)
        coded = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        places = coded["offset_mapping"]
        edges = {edge for span in spans for edge in span}
        if any(first < edge < last for first, last in places for edge in edges):
            return self._in_pieces(text, spans)
        learned = [
            any(begin <= first and last <= end for begin, end in spans) and first < last
            for first, last in places
        ]
        return self._cut(coded["input_ids"], learned)

    def _in_pieces(self, text: str, spans: list[Span]) -> Example:
        """Cut questions and answers one by one: a token that reaches from one into the other is never written by a
        model that is asked, since its question ends before the answer is there.
        """
        ids: list[int] = []
        learned: list[bool] = []
        for begin, end, wanted in _pieces(spans, len(text)):
            coded = self._tokenizer(text[begin:end], add_special_tokens=False)["input_ids"]
            ids += coded
            learned += [wanted] * len(coded)
        return self._cut(ids, learned)

    def _cut(self, ids: list[int], learned: list[bool]) -> Example:
        return Example(
            tuple(ids[: self._length]),
            tuple(at for at in range(1, min(len(ids), self._length)) if learned[at]),
        )

    def _text(self, row: Row) -> Iterator[Example]:
        text = row.get("text")
        if not isinstance(text, str):
            raise RowUnreadable(row=row.get("id"), why=Text(ko="`text`가 없습니다", en="it has no `text`"))
        ids = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        first, last = self._tokenizer.bos_token_id, self._tokenizer.eos_token_id
        ids = [*([first] if first is not None else []), *ids, *([last] if last is not None else [])]
        for at in range(0, len(ids), self._length):
            part = ids[at : at + self._length]
            if len(part) > 1:
                yield Example(tuple(part), tuple(range(1, len(part))))

    def _preference(self, row: Row) -> Iterator[Pair]:
        asked = _messages(row, "messages")
        chosen, rejected = (
            self._last(self._dialogue([*asked, *_answer(row, column)]), asked)
            for column in ("chosen", "rejected")
        )
        if chosen.learn and rejected.learn and chosen != rejected:
            yield Pair(chosen, rejected)

    def _last(self, one: Example, asked: list[Message]) -> Example:
        """Only the answer in question counts: earlier answers stand in both."""
        if not any(message.get("role") == "assistant" for message in asked):
            return one
        before = self._dialogue(asked).learn
        return Example(one.ids, one.learn[len(before) :])


def _pieces(spans: list[Span], length: int) -> Iterator[tuple[int, int, bool]]:
    at = 0
    for begin, end in spans:
        yield at, begin, False
        yield begin, end, True
        at = end
    yield at, length, False


def _messages(row: Row, column: str) -> list[Message]:
    try:
        found = msgspec.json.decode(row[column], type=list[dict[str, Any]])
    except (KeyError, TypeError, msgspec.MsgspecError) as error:
        raise RowUnreadable(row=row.get("id"), why=column) from error
    if any(not isinstance(one.get("role"), str) for one in found):
        raise RowUnreadable(row=row.get("id"), why=column)
    return list(found)


def _answer(row: Row, column: str) -> list[Message]:
    """Return an answer that is a message, a list of them, or plain text."""
    value = row.get(column)
    if not isinstance(value, str) or not value:
        raise RowUnreadable(row=row.get("id"), why=column)
    if value[:1] in "[{":
        try:
            found = msgspec.json.decode(value, type=list[dict[str, Any]] | dict[str, Any])
        except msgspec.MsgspecError:
            pass  # an answer may begin with a bracket
        else:
            return list(found) if isinstance(found, list) else [found]
    return [{"role": "assistant", "content": value}]
