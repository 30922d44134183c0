"""`guard`: what is looked for in texts."""

import re
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from hanbok.core.secret import Secret
from hanbok.guard.kinds import kinds
from hanbok.settings.section import Section


class CustomTypeSettings(Section, frozen=True, kw_only=True):
    name: Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]*$", description="Type name, capitals.")]
    pattern: Annotated[str, Meta(min_length=1, description="Regular expression of the value.")]
    check: Annotated[
        Literal["", "luhn", "rrn", "frn", "brn", "crn"], Meta(description="Check digit rule.")
    ] = ""
    context: Annotated[
        tuple[str, ...], Meta(description="Words of which one must stand near; none: always.")
    ] = ()
    like: Annotated[str, Meta(description="Existing type whose class and grade it takes.")] = "PHONE"
    label: Annotated[str, Meta(description="Label in placeholders and pages; none: the name.")] = ""
    raw: Annotated[
        bool,
        Meta(
            description="Match the text as written, not with disguised digits undone: for codes of letters."
        ),
    ] = False
    golden: Annotated[
        Path | None,
        Meta(description="File of cases for `hanbok guard test`, seen from this file; none: no cases."),
    ] = None

    def __post_init__(self) -> None:
        """Raise ValueError, which becomes a problem of the file, for what the guard could not be built with."""
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"`pattern` is not a regular expression: {error}") from None
        if self.like not in kinds():
            raise ValueError(f"`like` must be one of {', '.join(kinds())}")


_SHORTEST_KEY = 32


class GuardSettings(Section, frozen=True, kw_only=True):
    mask_replies: Annotated[
        tuple[str, ...],
        Meta(
            description="Types that are masked in a model's answer, unless they came from the request itself."
        ),
    ] = ("RRN", "FRN", "PASSPORT", "DRIVER_LICENSE", "CARD", "SECRET")
    custom: Annotated[tuple[CustomTypeSettings, ...], Meta(description="Types of your own.")] = ()
    pseudonyms: Annotated[
        Literal["placeholder", "natural"],
        Meta(
            description="`placeholder`: `[전화번호-1]`; `natural`: made-up values of the same look, which"
            " models take more easily."
        ),
    ] = "placeholder"
    pseudonym_key: Annotated[
        Secret | None,
        Meta(
            description="Key of natural pseudonyms, at least 32 bytes, best as `${NAME}`: with it an organisation's"
            " values get the same ones on every server; none: a new key at each start."
        ),
    ] = None
    plugins: Annotated[
        tuple[str, ...],
        Meta(description="Types of your own in Python: names of entry points in the group `hanbok.types`."),
    ] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for a key that could be guessed."""
        if self.pseudonym_key and len(self.pseudonym_key.reveal().encode()) < _SHORTEST_KEY:
            raise ValueError(f"`pseudonym_key` needs at least {_SHORTEST_KEY} bytes")
