"""The one tree of errors.

Every class has a stable `code`, a message and a hint in Korean and English. Messages are filled from facts that
the caller passes by name, a Text where it is words; a fact is never a prompt, an answer, a secret or personal data.
Statuses of HTTP live in `hanbok.http` only.
"""

from string import Formatter
from typing import ClassVar

from hanbok.core.values import Language, Text


class HanbokError(Exception):
    """Something a caller can act on. Raise a subclass; facts fill the message."""

    code: ClassVar[str] = "hanbok"
    message: ClassVar[Text] = Text(ko="hanbok 오류", en="hanbok error")
    hint: ClassVar[Text] = Text(
        ko="문서의 오류 목록을 보십시오.", en="See the error reference in the documentation."
    )

    def __init__(self, **facts: object) -> None:
        """Raise TypeError when `facts` are not the ones that the message names."""
        missing = self.fields() - facts.keys()
        if missing:
            raise TypeError(f"{type(self).__name__} needs the facts {sorted(missing)}")
        self.facts = facts
        super().__init__(self.say(Language.EN))

    @classmethod
    def fields(cls) -> set[str]:
        """Names of the facts that message and hint are filled from."""
        templates = (cls.message.ko, cls.message.en, cls.hint.ko, cls.hint.en)
        return {name for one in templates for _, name, _, _ in Formatter().parse(one) if name}

    def say(self, language: Language) -> str:
        """Return the message in this language."""
        return self.message.of(language).format_map(self._spoken(language))

    def advise(self, language: Language) -> str:
        """Return what to do next, in this language."""
        return self.hint.of(language).format_map(self._spoken(language))

    def _spoken(self, language: Language) -> dict[str, object]:
        return {
            name: fact.of(language) if isinstance(fact, Text) else fact for name, fact in self.facts.items()
        }
