"""Changes to the texts of JSON events that come one after the other, whatever their shape.

A text that flows (what stands at or below a member `delta`, in the parts of Gemini's candidates, or where completions
have it) goes on in the next event of its place; every other string is whole in its event.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeAlias

import msgspec

from hanbok.gateway.errors import UpstreamGarbled
from hanbok.gateway.message import Json
from hanbok.gateway.rewrite import Make
from hanbok.gateway.transformer import Transformer

_Place: TypeAlias = tuple[str | int, ...]
_DECODE: Final = msgspec.json.Decoder(dict[str, Any]).decode
_ENCODE: Final = msgspec.json.Encoder().encode
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_OWNERS: Final = ("response_id", "item_id", "output_index", "content_index", "index")
"""Members that say which text an event is of."""
_NO_WORDS: Final = frozenset(
    {
        "audio", "b64_json", "call_id", "client_secret", "encrypted_content", "event_id", "finish_reason", "format",
        "id", "item_id", "model", "object", "previous_item_id", "response_id", "role", "signature", "status",
        "stop_reason", "stop_sequence", "type", "url", "voice",
    }
)  # fmt: skip
"""Members whose strings are names, files or sound."""
_WHOLE: Final = _NO_WORDS | {"name"}
"""Those that are whole even where texts flow."""
_DOCUMENTS: Final = frozenset({"arguments", "partial_json"})
"""Members whose strings are JSON documents."""
_END: Final = re.compile(
    rb'"type"\s*:\s*"[^"]*(?:cancel|complet|done|end|fail|stop)|"(?:finish_?[rR]eason|stop_reason)"\s*:\s*"'
)
"""What an event says that ends a text. Others may stand in the middle of one, such as those of Azure's filter."""
_COMPLETIONS: Final = frozenset({("completion",), ("token", "text")})
"""Where texts flow in events of Anthropic's and of Hugging Face's completions."""
_MOST_OPEN: Final = 256
"""Texts that may flow at once: of more, the one that began first ends."""
_MOST_HELD: Final = 16 * 1024 * 1024
"""Bytes of the events that brought the last of them."""
_PRIVATE_USE: Final = range(0xE000, 0xF900)


class EventTexts:
    """Changes the events of one stream, each text by itself. An event that needs no change passes as the same bytes.

    What a transformer still holds when its text ends leaves in an event made for it right before the one that ends it.
    """

    def __init__(self, make: Make, origin: str, *, document: Callable[[bytes], bytes] | None = None) -> None:
        """`document` changes all of a JSON document but the texts that flow in it, names and numbers too; None: only
        strings change, and of these none that name something.
        """
        self._make = make
        self._origin = origin
        self._document = document
        self._open: dict[_Place, _Flowing] = {}

    def feed(self, event: bytes) -> list[bytes]:
        """Take an event, and return those to send, itself as the last. Raises UpstreamGarbled."""
        try:
            tree = _DECODE(event)
        except _UNREADABLE as error:
            raise UpstreamGarbled(origin=self._origin, why="an event that is no JSON object") from error
        owner = _owner(tree)
        in_json = "arguments" in str(tree.get("type", ""))
        found = list(_flowing(tree, (owner,), inside=False))
        if found:
            before = self._evicted({place for place, _, _ in found})
        else:
            before = self._ended(owner) if _END.search(event) else []
        changed = False
        for place, holder, member in found:
            flowing = self._open.get(place)
            if flowing is None:
                flowing = _Flowing(self._make(in_json or member in _DOCUMENTS))
                self._open[place] = flowing
            new = flowing.transformer.feed(holder[member])
            changed = changed or new != holder[member]
            holder[member] = new
            flowing.last, flowing.weight = (tree, holder, member), len(event)
        if self._document is not None:
            shown = self._around(self._document, tree, found) if found else self._document(event)
            return [*before, shown]
        skipped = {id(holder): member for _, holder, member in found}
        changed = self._whole(tree, skipped) or changed
        return [*before, _ENCODE(tree) if changed else event]

    def text(self, text: str) -> str:
        """Return a text that is no JSON, changed."""
        return self._changed(text, in_json=False)

    def close(self) -> list[bytes]:
        """Return the events with what is still held when the stream ended."""
        return self._let_go(list(self._open))

    def _ended(self, owner: str) -> list[bytes]:
        """Return what was held of the texts that an event of this owner, which says that something ends, ends."""
        return self._let_go([place for place in self._open if _ends(owner, str(place[0]))])

    def _evicted(self, going_on: set[_Place]) -> list[bytes]:
        """Return what was held of texts that are too many to go on beside these."""
        others = [place for place in self._open if place not in going_on]
        held, evicted = sum(self._open[place].weight for place in others), 0
        while evicted < len(others) and (len(others) - evicted >= _MOST_OPEN or held > _MOST_HELD):
            held -= self._open[others[evicted]].weight
            evicted += 1
        return self._let_go(others[:evicted])

    def _let_go(self, places: Iterable[_Place]) -> list[bytes]:
        """Return, in events like the last ones, what was held of texts that go on no more."""
        made: list[bytes] = []
        for place in places:
            flowing = self._open.pop(place)
            if not (rest := flowing.transformer.close()):
                continue
            tree, holder, member = flowing.last
            for _, other, name in _flowing(tree, (), inside=False):
                other[name] = ""
            holder[member] = rest
            if self._document is None:
                made.append(_ENCODE(tree))
            else:
                made.append(self._around(self._document, tree, [(place, holder, member)]))
        return made

    def _around(
        self,
        document: Callable[[bytes], bytes],
        tree: dict[str, Any],
        found: list[tuple[_Place, dict[str, Any], str]],
    ) -> bytes:
        """Return an event, of which the texts that flow are changed already, with all around them changed."""
        texts = [holder[member] for _, holder, member in found]
        sign = _absent_from(_ENCODE(tree))
        for at, (_, holder, member) in enumerate(found):
            holder[member] = f"{sign}{at}{sign}"
        changed = document(_ENCODE(tree)).decode().split(sign)
        for text, (_, holder, member) in zip(texts, found, strict=True):
            holder[member] = text
        for at in range(1, len(changed), 2):
            changed[at] = _ENCODE(texts[int(changed[at])]).decode()[1:-1]
        return "".join(changed).encode()

    def _whole(self, value: Json, skipped: dict[int, str]) -> bool:
        """Change every string that does not flow, in place; tell whether any changed."""
        changed = False
        if isinstance(value, dict):
            for name, one in value.items():
                if not isinstance(one, str):
                    changed = self._whole(one, skipped) or changed
                elif name not in _NO_WORDS and skipped.get(id(value)) != name:
                    value[name] = self._changed(one, in_json=name in _DOCUMENTS)
                    changed = changed or value[name] != one
        elif isinstance(value, list):
            for place, one in enumerate(value):
                if not isinstance(one, str):
                    changed = self._whole(one, skipped) or changed
                else:
                    value[place] = self._changed(one, in_json=False)
                    changed = changed or value[place] != one
        return changed

    def _changed(self, text: str, *, in_json: bool) -> str:
        transformer = self._make(in_json)
        return transformer.feed(text) + transformer.close()


class _Flowing:
    """A text that goes on, and the event that brought the last of it."""

    __slots__ = ("last", "transformer", "weight")

    def __init__(self, transformer: Transformer) -> None:
        self.transformer = transformer
        self.last: tuple[dict[str, Any], dict[str, Any], str] = ({}, {}, "")
        self.weight = 0
        """Bytes of that event."""


def _absent_from(document: bytes) -> str:
    """Return a sign that a document does not hold; an empty text, which nothing can be cut at, if it holds all."""
    return next((sign for sign in map(chr, _PRIVATE_USE) if sign.encode() not in document), "")


def _owner(tree: dict[str, Any]) -> str:
    return _ENCODE({name: tree[name] for name in _OWNERS if name in tree}).decode()


def _ends(ending: str, owner: str) -> bool:
    """Whether an event of one owner ends a text of another: what both name is the same, and they name something."""
    theirs: dict[str, Any] = _DECODE(owner)
    ours: dict[str, Any] = _DECODE(ending)
    both = theirs.keys() & ours.keys()
    return all(theirs[name] == ours[name] for name in both) and (bool(both) or not theirs)


def _flowing(
    value: Json,
    place: _Place,
    *,
    inside: bool,
) -> Iterator[tuple[_Place, dict[str, Any], str]]:
    """Yield the place, the object and the member of every text that flows."""
    if isinstance(value, list):
        for position, one in enumerate(value):
            index = one.get("index", position) if isinstance(one, dict) else position
            yield from _flowing(one, (*place, index if isinstance(index, int) else position), inside=inside)
    elif isinstance(value, dict):
        for key, one in value.items():
            here = (*place, key)
            if isinstance(one, str):
                if (inside or key == "delta" or _is_completion(here)) and key not in _WHOLE:
                    yield here, value, key
            else:
                yield from _flowing(one, here, inside=inside or key == "delta" or _is_parts(here))


def _is_parts(place: _Place) -> bool:
    return place[-1] == "parts" and "candidates" in place


def _is_completion(place: _Place) -> bool:
    return place[1:] in _COMPLETIONS or (place[-1] == "text" and place[1:2] == ("choices",))
