"""Changes to the texts of JSON events that come one after the other, whatever their shape.

A text that flows (what stands at or below a member `delta`, or in the parts of Gemini's candidates) goes on in the next
event of its place; every other string is whole in its event.
"""

from collections.abc import Iterator
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


class EventTexts:
    """Changes the events of one stream, each text by itself. An event that needs no change passes as the same bytes.

    What a transformer still holds when its text ends leaves in an event made for it right before the one that ends it.
    """

    def __init__(self, make: Make, origin: str) -> None:
        self._make = make
        self._origin = origin
        self._open: dict[_Place, _Flowing] = {}

    def feed(self, event: bytes) -> list[bytes]:
        """Take an event, and return those to send. Raises UpstreamGarbled."""
        try:
            tree = _DECODE(event)
        except _UNREADABLE as error:
            raise UpstreamGarbled(origin=self._origin, why="an event that is no JSON object") from error
        owner = _owner(tree)
        in_json = "arguments" in str(tree.get("type", ""))
        found = list(_flowing(tree, (owner,), inside=False))
        before = [] if found else self._ended(owner)
        changed = False
        for place, holder, member in found:
            flowing = self._open.get(place)
            if flowing is None:
                flowing = _Flowing(self._make(in_json or member in _DOCUMENTS))
                self._open[place] = flowing
            new = flowing.transformer.feed(holder[member])
            changed = changed or new != holder[member]
            holder[member] = new
            flowing.last = (tree, holder, member)
        skipped = {id(holder): member for _, holder, member in found}
        changed = self._whole(tree, skipped) or changed
        return [*before, _ENCODE(tree) if changed else event]

    def text(self, text: str) -> str:
        """Return a text that is no JSON, changed."""
        return self._changed(text, in_json=False)

    def close(self) -> list[bytes]:
        """Return the events with what is still held when the stream ended."""
        ended, self._open = list(self._open.values()), {}
        return [event for one in ended if (event := one.rest()) is not None]

    def _ended(self, owner: str) -> list[bytes]:
        """Return what was held of the texts that an event of this owner, which brings no more of them, ends."""
        ended = [place for place in self._open if _ends(owner, str(place[0]))]
        return [event for place in ended if (event := self._open.pop(place).rest()) is not None]

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

    __slots__ = ("last", "transformer")

    def __init__(self, transformer: Transformer) -> None:
        self.transformer = transformer
        self.last: tuple[dict[str, Any], dict[str, Any], str] = ({}, {}, "")

    def rest(self) -> bytes | None:
        """Return an event like the last one with what was held back; None: nothing was."""
        rest = self.transformer.close()
        if not rest:
            return None
        tree, holder, member = self.last
        for _, other, name in _flowing(tree, (), inside=False):
            other[name] = ""
        holder[member] = rest
        return _ENCODE(tree)


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
                if (inside or key == "delta") and key not in _WHOLE:
                    yield here, value, key
            else:
                yield from _flowing(one, here, inside=inside or key == "delta" or _is_parts(here))


def _is_parts(place: _Place) -> bool:
    return place[-1] == "parts" and "candidates" in place
