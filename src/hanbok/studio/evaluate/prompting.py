"""Prompts: an item's question in the words of its task or, where that has none, of its language."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hanbok.studio.evaluate.errors import SuiteInvalid
from hanbok.studio.evaluate.item import Chat, Item
from hanbok.studio.evaluate.method import Question
from hanbok.studio.evaluate.suite import TaskSpec

LETTERS: Final = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_ENVIRONMENT: Final = ImmutableSandboxedEnvironment(
    undefined=jinja2.StrictUndefined, keep_trailing_newline=True
)


@cache
def wording(language: str) -> Mapping[str, str]:
    """Return the words of a language; English for one that has none."""
    found = _wordings()
    words: Mapping[str, str] = found.get(language, found["en"])
    return words


def language_name(of: str, spoken: str) -> str:
    """Return what a language is called in another one."""
    names: Mapping[str, Mapping[str, str]] = _wordings()["names"]
    return names.get(spoken, names["en"]).get(of, of)


@cache
def _wordings() -> dict[str, Any]:
    return tomllib.loads((files("hanbok.studio.evaluate") / "wording.toml").read_text(encoding="utf-8"))


class Prompter:
    """Puts the questions of one task. `form` is `chat` or `plain`."""

    def __init__(self, spec: TaskSpec, form: str, kind: str, ending: str, shots: Sequence[Item]) -> None:
        """`kind` names the template and `ending` the last words in `wording.toml`. Raises SuiteInvalid."""
        words = wording(spec.language)
        self.template = spec.prompt or words[kind]
        self.marker = words["marker"]
        self._spec, self._form, self._shots = spec, form, shots
        self._raw = bool(spec.options.get("raw"))
        if self._raw:
            self.ending = ""
        else:
            self.ending = f"{self.marker}:" if form == "plain" else (words[ending] if ending else "")
        self._question = _compiled(self.template, spec.name)
        self._ending = _compiled(self.ending, spec.name)

    def text(self, item: Item, labels: Sequence[str] = (), texts: Sequence[str] = ()) -> str:
        """Return the question with its last words. Raises SuiteInvalid."""
        told = {
            "question": item.question,
            "context": item.context,
            "options": list(zip(labels, texts, strict=True)) if texts else [],
            "labels": list(labels),
            "classes": list(self._spec.names or self._spec.labels),
            "target": language_name(str(item.facts.get("target", "")), self._spec.language),
            "group": item.group,
        }
        try:
            return self._question.render(told) + self._ending.render(told)
        except jinja2.TemplateError as error:
            raise SuiteInvalid(path=self._spec.name, why=str(error)) from None

    def question(self, item: Item, labels: Sequence[str], texts: Sequence[str], *, whole: bool) -> Question:
        """Return a question with choices. `whole`: they are answered by their texts."""
        answers = tuple(texts if whole else labels)
        shown: list[tuple[str, str]] = []
        for shot in self._shots:
            those = tuple(shot.choices) or tuple(texts)
            place = shot.answer or 0
            shown.append((self.text(shot, labels[: len(those)], those), (those if whole else labels)[place]))
        asked = self.text(item, labels, texts)
        prompt, messages = self._put(shown, asked, item)
        return Question(
            prompt=prompt,
            messages=messages,
            labels=tuple(labels),
            texts=answers,
            joint=str(self._spec.options.get("joint", " ")),
            marker=self.marker,
            seed=self._spec.seed,
        )

    def writing(self, item: Item) -> tuple[str, Chat]:
        """Return a prompt to be completed or messages to be answered; the other one is empty."""
        shown = [(self.text(shot), shot.golds[0] if shot.golds else "") for shot in self._shots]
        return self._put(shown, self.text(item), item)

    def _put(self, shown: Sequence[tuple[str, str]], asked: str, item: Item) -> tuple[str, Chat]:
        system = self._spec.system
        if self._form == "plain":
            joint = str(self._spec.options.get("joint", " "))
            between = str(self._spec.options.get("between", "\n\n"))
            before = [system] if system and not self._raw else []
            texts = [*before, *(f"{text}{joint}{answer}" for text, answer in shown), asked]
            return (system if self._raw else "") + between.join(texts), []
        messages: Chat = [{"role": "system", "content": system}] if system else []
        if self._spec.options.get("talk"):  # the row is a whole conversation
            return "", [*messages, *item.messages]
        for text, answer in shown:
            messages += [{"role": "user", "content": text}, {"role": "assistant", "content": answer}]
        return "", [*messages, {"role": "user", "content": asked}]


def _compiled(text: str, name: str) -> jinja2.Template:
    try:
        return _ENVIRONMENT.from_string(text)
    except jinja2.TemplateError as error:
        raise SuiteInvalid(path=name, why=str(error)) from None
