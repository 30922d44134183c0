"""Rules by content: which group of a model's targets suits a request. A pure function of the call."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from hanbok.gateway.call import Call
from hanbok.gateway.catalogue import Need, Rule
from hanbok.gateway.errors import UnsupportedRequest
from hanbok.gateway.head import InvalidRequest

TASK: Final = "x-hanbok-task"
"""Header by which a client names its task."""
_SAMPLE: Final = 4000
"""Characters by which a language is told."""
_SHARE: Final = 0.2
"""Hangul of so many of the letters make a text Korean: it may quote and name things in other scripts."""
_SCRIPTS: Final = {
    "ko": re.compile(r"[\uac00-\ud7a3\u1100-\u11ff\u3130-\u318f]"),
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "zh": re.compile(r"[\u4e00-\u9fff]"),
    "en": re.compile(r"[A-Za-z]"),
}
_BYTES_PER_TOKEN: Final = 3


class _Part(msgspec.Struct):
    type: str = ""
    text: str = ""


class _Message(msgspec.Struct):
    content: str | list[_Part] | None = None

    @property
    def parts(self) -> list[_Part]:
        return self.content if isinstance(self.content, list) else [_Part(text=self.content or "")]


class _Format(msgspec.Struct):
    type: str = "text"


class Asked(msgspec.Struct):
    """What rules read of a request in OpenAI's words."""

    messages: list[_Message] = []
    input: msgspec.Raw = msgspec.Raw()
    """Of embeddings and speech."""
    tools: list[msgspec.Raw] | None = None
    response_format: _Format | None = None

    @property
    def words(self) -> str:
        """The texts of its messages or inputs."""
        if not self.messages and self.input:
            return bytes(self.input).decode(errors="replace")
        return "\n".join(part.text for one in self.messages for part in one.parts if part.text)

    @property
    def needs(self) -> frozenset[Need]:
        """What a model must be able to do for it."""
        parts = (part for one in self.messages for part in one.parts)
        found = {
            Need.TOOLS: bool(self.tools),
            Need.STRUCTURED: self.response_format is not None and self.response_format.type != "text",
            Need.VISION: any(part.type == "image_url" for part in parts),
        }
        return frozenset(need for need, there in found.items() if there)


_ASKED = msgspec.json.Decoder(Asked)


def asked_of(call: Call, body: bytes | None = None) -> Asked:
    """Return what a call asks for, or what its body in another form does; nothing of one that cannot be read: the
    provider will say so.
    """
    try:
        body = call.body if body is None else body
        if call.front is not None and call.head is not None:
            body = call.front.chat(body, call.head)
        return _ASKED.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidRequest, UnsupportedRequest):
        return Asked()


def choose(rules: Sequence[Rule], call: Call) -> Rule | None:
    """Return the first rule that fits the call."""
    asked = asked_of(call)
    words = asked.words
    return next((rule for rule in rules if _fits(rule, call, asked, words)), None)


def _fits(rule: Rule, call: Call, asked: Asked, words: str) -> bool:
    tokens = -(-len(call.body) // _BYTES_PER_TOKEN)
    return (
        (not rule.grades or call.grade in rule.grades)
        and (not rule.tasks or call.headers.get(TASK, "") in rule.tasks)
        and _between(len(words), rule.min_characters, rule.max_characters)
        and _between(tokens, rule.min_tokens, rule.max_tokens)
        and (not rule.languages or language_of(words) in rule.languages)
        and rule.needs <= asked.needs
    )


def _between(count: int, least: int, most: int | None) -> bool:
    return count >= least and (most is None or count <= most)


def language_of(text: str) -> str:
    """Return `ko`, `ja`, `zh` or `en` by the letters of a text; nothing where it has none of them."""
    sample = text[:_SAMPLE]
    counts = {name: len(script.findall(sample)) for name, script in _SCRIPTS.items()}
    letters = sum(counts.values())
    if not letters:
        return ""
    if counts["ko"] >= _SHARE * letters:
        return "ko"
    if counts["ja"]:
        counts["ja"] += counts["zh"]  # Japanese is written with both
    return max(counts, key=lambda name: counts[name])
