"""What a request to llama.cpp is given on its way: the adapters that it may use, and no others.

Every request names every adapter. One that names none would be answered with those of whoever came before: their
scales are the server's, and what it has read for one caller it takes up again for the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from hanbok.gateway.head import spans, splice
from hanbok.gateway.llama.releases import Sampling

KWARG: Final = "hanbok_release"
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True, kw_only=True)
class Dress:
    """How one release is asked of a server that holds several adapters."""

    adapter: int | None
    """Its number; None: the base alone."""
    adapters: int
    """How many the server holds."""
    branch: str = ""
    """Its branch of the server's template."""
    sampling: Sampling = field(default_factory=Sampling)
    _scales: bytes = field(init=False, repr=False)
    _defaults: Mapping[str, bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Spell once what each request is given."""
        scales = [{"id": one, "scale": float(one == self.adapter)} for one in range(self.adapters)]
        object.__setattr__(self, "_scales", msgspec.json.encode(scales))
        object.__setattr__(self, "_defaults", self.sampling.members())

    def __call__(self, body: bytes) -> bytes:
        """Return the body with the adapters set, whatever it says of them, and the defaults that it leaves open."""
        where = spans(body)
        values = {name: value for name, value in self._defaults.items() if name not in where}
        if "response_format" in where:
            values.pop("grammar", None)  # the caller asked for a shape of their own
        values["lora"] = self._scales
        given = where.get("chat_template_kwargs")
        named = _object.decode(body[slice(*given)]) if given and body[given[0]] == ord("{") else {}
        if self.branch or KWARG in named:
            named[KWARG] = msgspec.Raw(msgspec.json.encode(self.branch))
            values["chat_template_kwargs"] = msgspec.json.encode(named)
        return splice(body, values, where)


def template_of(branches: Sequence[tuple[str, str]], otherwise: str) -> str:
    """Return one template out of those of each branch; `otherwise` is that of a request that names none.

    What llama.cpp does at the ends of a template (a newline at its very end goes, as does the one behind a tag) is
    done here at the seams, so that each branch writes what it writes alone.
    """
    if not branches:
        return otherwise
    parts = [
        f"{{% {'elif' if index else 'if'} {KWARG} is defined and {KWARG} == {_quoted(name)} %}}\n{_body(text)}"
        for index, (name, text) in enumerate(branches)
    ]
    return "".join(parts) + "{% else %}\n" + _body(otherwise) + "{% endif %}"


def _body(text: str) -> str:
    return text.removesuffix("\n")


def _quoted(name: str) -> str:
    return msgspec.json.encode(name).decode()
