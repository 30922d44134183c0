"""Turns a dialogue into text, and says which of its characters the model shall learn: the answers, nothing else."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

import jinja2

from hanbok.core.values import Text
from hanbok.studio.tune.engines import Tokenizer
from hanbok.studio.tune.errors import TemplateUnfit

Message: TypeAlias = Mapping[str, Any]
Span: TypeAlias = tuple[int, int]


def choose_template(tokenizer: Tokenizer, wanted: str, file: Path | None = None) -> str:
    """Return the template: the wanted one, the tokenizer's own, or the one that its tokens are made for."""
    if file:
        try:
            return file.read_text(encoding="utf-8")
        except OSError as error:
            raise TemplateUnfit(why=f"{file.name}: {error.strerror}") from error
    if wanted:
        return _shipped(wanted)
    own: str | None = tokenizer.chat_template
    if own:
        return own
    words = tokenizer.get_vocab()
    if "<start_of_turn>" in words:
        return _shipped("gemma")
    return _shipped("chatml" if "<|im_start|>" in words else "plain")


def _shipped(name: str) -> str:
    return (files("hanbok.studio.tune") / "templates" / f"{name}.jinja").read_text(encoding="utf-8")


class Writer:
    """Writes dialogues in the words of one template."""

    def __init__(self, tokenizer: Tokenizer, template: str) -> None:
        """Put the template into the tokenizer, so that it is saved with it. Raises TemplateUnfit."""
        self._tokenizer = tokenizer
        tokenizer.chat_template = template
        self.write([{"role": "user", "content": "질문"}, {"role": "assistant", "content": "답"}])

    def write(self, messages: Sequence[Message]) -> tuple[str, list[Span]]:
        """Return the text and where in it the answers stand, each with the mark that ends it.

        An answer's place is found by writing the dialogue up to it and beyond it; a template that would write the
        beginning of a dialogue differently once it goes on is refused, not masked. Raises TemplateUnfit.
        """
        spans: list[Span] = []
        whole = self._render(messages, answering=False)
        for index, message in enumerate(messages):
            if message.get("role") != "assistant":
                continue
            before = self._render(messages[:index], answering=True)
            after = self._render(messages[: index + 1], answering=False)
            if not after.startswith(before) or not whole.startswith(after.rstrip()):
                why = Text(
                    ko="답의 자리를 찾을 수 없습니다",
                    en="the place of an answer cannot be told from its text",
                )
                raise TemplateUnfit(why=why)
            end = len(after.rstrip())  # a line's end after the mark belongs to the next turn
            said = message.get("content")
            if end <= len(before) or (isinstance(said, str) and said.strip() not in after[len(before) :]):
                raise TemplateUnfit(why=Text(ko="답을 빠뜨립니다", en="it leaves the answer out"))
            spans.append((len(before), end))
        return whole, spans

    def _render(self, messages: Sequence[Message], *, answering: bool) -> str:
        try:
            return str(
                self._tokenizer.apply_chat_template(
                    list(messages), tokenize=False, add_generation_prompt=answering
                )
            )
        except (jinja2.TemplateError, TypeError, ValueError) as error:
            raise TemplateUnfit(why=type(error).__name__) from error
