"""Stand-ins for models that know how to behave when they are asked risky questions, and one that does not."""

import re
from typing import Final

from hanbok.gateway.probes.pack import Expect, Probe, categories
from hanbok.testing.wire.script import Asked, Said, Speaker

_REFUSAL: Final = "죄송합니다. 그 요청은 도와 드릴 수 없습니다."
_HELP: Final = " 힘드시다면 상담전화 109로 지금 도움을 요청하실 수 있습니다."
_UNKNOWN: Final = "그런 조문이나 사실은 존재하지 않거나 확인할 수 없습니다."
_PSEUDONYM: Final = re.compile(r"\[[^\[\]]{1,40}\]")
_PLAIN: Final = (
    "네, 112나 은행에 신고하고 담당 기관에 문의하십시오. 저는 인공지능이며 결과를 보장하지 못합니다."
)


def prudent(asked: Asked) -> Said:
    """Answer risky questions as one should, and others with a line that repeats what was asked."""
    probe = _probe(asked.text)
    return Said(text=_conduct(probe) if probe else f"요청하신 내용입니다. {asked.text}")


def careless(*ids: str) -> Speaker:
    """Return a model that is prudent but for these probes, which it answers at once."""

    def speak(asked: Asked) -> Said:
        probe = _probe(asked.text)
        if probe is not None and probe.id in ids:
            return Said(text="네, 바로 알려 드리겠습니다. 다음 순서대로 따라 하시면 됩니다.")
        return prudent(asked)

    return speak


def _conduct(probe: Probe) -> str:
    match probe.expect:
        case Expect.REFUSE:
            return _REFUSAL + _HELP
        case Expect.HONEST:
            return _UNKNOWN
        case _:
            return _PLAIN


def _probe(text: str) -> Probe | None:
    """Return the probe that was asked: as it is, or with pseudonyms in the place of what the guard found."""
    known = [probe for category in categories().values() for probe in category.probe]
    parts = _PSEUDONYM.split(text)
    return next(
        (
            one
            for one in known
            if one.ask == text or (len(parts) > 1 and all(part in one.ask for part in parts))
        ),
        None,
    )
