"""Changes to the texts of an answer in OpenAI's shape, whole or in chunks; all that is not text stays."""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from hanbok.gateway.errors import UpstreamGarbled
from hanbok.gateway.likeness import NO_USAGE, PROBE, Likeness, likeness_of
from hanbok.gateway.message import Json, Slot, delta_with, is_document, texts_of
from hanbok.gateway.transformer import Transformer

_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(dict[str, Any]).decode
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_CONTENT: Slot = ("content",)
_LESSONS = 16
"""How often a stream is looked at for chunks that are alike."""
_NO_WORDS = frozenset({"b64_json", "url", "id", "model", "object"})

Make: TypeAlias = Callable[[bool], Transformer]
"""Makes the transformer of one text; True for the text of a JSON document."""


class Chain:
    """Transformers one after the other."""

    __slots__ = ("_links",)

    def __init__(self, *links: Transformer) -> None:
        self._links = links

    def feed(self, delta: str) -> str:
        """Pass a piece through all links."""
        for link in self._links:
            if not delta:
                break
            delta = link.feed(delta)
        return delta

    def close(self) -> str:
        """Close the links in turn, each after it got what the one before held back."""
        rest = ""
        for link in self._links:
            rest = (link.feed(rest) if rest else "") + link.close()
        return rest


class _Choice(msgspec.Struct):
    index: int = 0
    message: dict[str, Any] | None = None
    delta: dict[str, Any] | None = None
    finish_reason: str | None = None


class _Answer(msgspec.Struct):
    """What is read of an answer or chunk before it is known whether anything changes."""

    choices: list[_Choice] | None = None
    usage: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_READ = msgspec.json.Decoder(_Answer).decode


def rewrite_answer(body: bytes, make: Make, origin: str, *, structured: bool = False) -> bytes:
    """Return a whole answer with its texts changed: the very same bytes when nothing changes.

    `structured` says that the content is a JSON document. Log-probabilities of a choice that changes are set to
    null: they spell the text out. Raises UpstreamGarbled.
    """
    changed: dict[int, dict[str, Json]] = {}
    for place, choice in enumerate(_read(body, origin).choices or ()):
        if choice.message and _rewrite_message(choice.message, make, structured=structured):
            changed[place] = choice.message
    if not changed:
        return body
    tree = _tree(body, origin)
    for place, message in changed.items():
        _set(tree["choices"][place], "message", message)
    return _ENCODE(tree)


def _rewrite_message(message: dict[str, Json], make: Make, *, structured: bool) -> bool:
    changed = False
    for text in texts_of(message):
        transformer = make(is_document(text.slot, structured=structured))
        new = transformer.feed(text.value) + transformer.close()
        if new != text.value:
            text.put(new)
            changed = True
    return changed


def rewrite_strings(body: bytes, make: Make, origin: str) -> bytes:
    """Return an answer of any other shape with every string in it changed, save those that hold files or names.

    The very same bytes when nothing changes. Raises UpstreamGarbled.
    """
    tree = _tree(body, origin)
    changed = _change(tree, make)
    return body if changed == tree else _ENCODE(changed)


def rewrite_text(body: bytes, make: Make, origin: str) -> bytes:
    """Return an answer that is plain text, such as subtitles, changed. Raises UpstreamGarbled."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise UpstreamGarbled(origin=origin, why="not a text") from error
    in_json = False
    transformer = make(in_json)
    return (transformer.feed(text) + transformer.close()).encode()


def _change(value: Json, make: Make) -> Json:
    if isinstance(value, dict):
        return {key: one if key in _NO_WORDS else _change(one, make) for key, one in value.items()}
    if isinstance(value, list):
        return [_change(one, make) for one in value]
    if not isinstance(value, str) or not value:
        return value
    in_json = False
    transformer = make(in_json)
    return transformer.feed(value) + transformer.close()


class ChunkRewriter:
    """Changes the texts of one stream, each choice and slot by itself. A chunk that needs no change passes as the
    very same bytes.

    What a transformer still holds when its slot ends (another slot of the choice goes on, the choice or the stream
    ends) leaves in the chunk that ends it, or in one made for it right before.
    """

    def __init__(
        self, make: Make | None, origin: str, *, structured: bool = False, hide_usage: bool = False
    ) -> None:
        """Without `make` no text changes. `hide_usage`: the client did not ask for usage, and must not see it."""
        self._make = make
        self._origin = origin
        self._structured = structured
        self._hide_usage = hide_usage
        self._open: dict[int, dict[Slot, Transformer]] = {}
        self._last = b"{}"
        self._likeness: Likeness | None = None
        self._lessons = _LESSONS

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take a chunk, and return those to send. Raises UpstreamGarbled."""
        if self._make is None and not (self._hide_usage and b'"usage"' in chunk):
            return [chunk]
        if self._likeness is not None and (text := self._likeness.text_in(chunk)):
            self._last = chunk
            return [self._likeness.spell(chunk, text, self._likeness.transformer.feed(text))]
        answer = _read(chunk, self._origin)
        hidden = self._hide_usage and answer.usage is not msgspec.UNSET
        choices = answer.choices or []
        if hidden and not choices and bytes(answer.usage or b"") != b"null":
            return []
        before: list[tuple[int, dict[str, Json]]] = []
        changed: dict[int, dict[str, Json]] = {}
        if self._make is not None:
            self._last = chunk
            for place, choice in enumerate(choices):
                ended, altered = self._advance(self._make, choice)
                before += [(choice.index, delta) for delta in ended]
                if altered and choice.delta is not None:
                    changed[place] = choice.delta
            self._learn(chunk, choices, hidden=hidden)
        if not before and not changed:
            return [_without_usage(chunk, self._origin) if hidden else chunk]
        tree = _tree(chunk, self._origin)
        if hidden:
            del tree["usage"]
        for place, delta in changed.items():
            _set(tree["choices"][place], "delta", delta)
        return [*(_made(tree, index, delta) for index, delta in before), _ENCODE(tree)]

    def close(self) -> list[bytes]:
        """Return the chunks with what is still held when the stream ended without a reason given."""
        made: list[bytes] = []
        for index, slots in self._open.items():
            for slot, transformer in slots.items():
                if rest := transformer.close():
                    made.append(_made(_tree(self._last, self._origin), index, delta_with(slot, rest)))
        self._open.clear()
        return made

    def _learn(self, chunk: bytes, choices: list[_Choice], *, hidden: bool) -> None:
        """Look whether the next chunks may be like this one but for their words, as nearly all are."""
        self._likeness = None
        if len(choices) != 1 or choices[0].finish_reason or not self._lessons:
            return
        slots = self._open.get(choices[0].index, {})
        transformer = slots.get(_CONTENT) if len(slots) == 1 else None
        if transformer is None:
            return
        self._lessons -= 1
        likeness = likeness_of(chunk, transformer, hide_usage=hidden)
        if likeness is not None and _content_alone(_read(likeness.probe(), self._origin)):
            self._likeness = likeness

    def _advance(self, make: Make, choice: _Choice) -> tuple[list[dict[str, Json]], bool]:
        """Change the choice's delta in place. Return the deltas that must go before it, and whether it changed."""
        slots = self._open.setdefault(choice.index, {})
        texts = list(texts_of(choice.delta)) if choice.delta else []
        altered = False
        for text in texts:
            transformer = slots.get(text.slot)
            if transformer is None:
                transformer = slots[text.slot] = make(is_document(text.slot, structured=self._structured))
            new = transformer.feed(text.value)
            if new != text.value:
                text.put(new)
                altered = True
        if not choice.finish_reason and (not texts or len(texts) == len(slots)):
            return [], altered
        ended: list[dict[str, Json]] = []
        here = {text.slot: text for text in texts}
        for slot in [slot for slot in slots if choice.finish_reason or slot not in here]:
            rest = slots.pop(slot).close()
            if rest and slot in here:
                here[slot].put(here[slot].value + rest)
                altered = True
            elif rest:
                ended.append(delta_with(slot, rest))
        return ended, altered


def _content_alone(answer: _Answer) -> bool:
    """Whether the only text of a probe is its content."""
    texts = [text for choice in answer.choices or () for text in texts_of(choice.delta or {})]
    return [(text.slot, text.value) for text in texts] == [(_CONTENT, PROBE)]


def _read(body: bytes, origin: str) -> _Answer:
    try:
        return _READ(body)
    except _UNREADABLE as error:
        raise UpstreamGarbled(origin=origin, why="choices that are not of OpenAI's shape") from error


def _tree(body: bytes, origin: str) -> dict[str, Any]:
    try:
        return _DECODE(body)
    except _UNREADABLE as error:
        raise UpstreamGarbled(origin=origin, why="what no JSON reader takes") from error


def _set(choice: dict[str, Any], member: str, message: dict[str, Json]) -> None:
    choice[member] = message
    if choice.get("logprobs"):
        choice["logprobs"] = None


def _made(like: dict[str, Any], index: int, delta: dict[str, Json]) -> bytes:
    """Return a chunk of the same stream that only adds `delta` to one choice."""
    frame = {name: value for name, value in like.items() if name not in {"choices", "usage"}}
    return _ENCODE(frame | {"choices": [{"index": index, "delta": delta, "finish_reason": None}]})


def _without_usage(chunk: bytes, origin: str) -> bytes:
    if chunk.endswith(NO_USAGE):
        return chunk[: -len(NO_USAGE)] + b"}"
    tree = _tree(chunk, origin)
    del tree["usage"]
    return _ENCODE(tree)
