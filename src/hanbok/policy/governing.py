"""Which rules govern: what the settings say, unless they changed without the second person that dual control asks for,
and on top what the organisation put in force itself.
"""

from dataclasses import dataclass
from typing import Final

from hanbok.core.values import Text
from hanbok.policy.changes import NOTHING, ORGANISATION, SETTINGS, Changes, Rules

HELD: Final = Text(
    ko="hanbok.yaml의 정책이 바뀌었지만 두 번째 사람의 승인이 없어 이전 정책이 그대로 적용됩니다. "
    "`hanbok policy propose --settings`로 제안하십시오.",
    en="the policy of hanbok.yaml has changed without a second person's approval: the former one stays in force. "
    "Propose it with `hanbok policy propose --settings`.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Governing:
    settings: Rules
    organisation: Rules
    held: str = ""
    """Digest of the settings' policy that waits for a second person; empty: none does."""

    @property
    def files(self) -> dict[str, str]:
        """All texts by file name."""
        return {
            **self.settings.files,
            **{f"store/{name}": text for name, text in self.organisation.files.items()},
        }


def govern(changes: Changes, wanted: Rules) -> Governing:
    """Return what governs. Nothing is changed: `take_up` does that, once the rules have proved to be good."""
    now, own = changes.in_force(SETTINGS), changes.in_force(ORGANISATION)
    organisation = own.rules if own else NOTHING
    if now is not None and now.digest != wanted.digest and (wanted.dual_control or now.rules.dual_control):
        return Governing(settings=now.rules, organisation=organisation, held=wanted.digest)
    return Governing(settings=wanted, organisation=organisation)


def take_up(changes: Changes, governing: Governing, *, actor: str) -> int:
    """Note what the settings say as being in force, once they are; return how many changes that made, 0 or 1."""
    now = changes.in_force(SETTINGS)
    if governing.held or (now is not None and now.digest == governing.settings.digest):
        return 0
    changes.adopt(SETTINGS, governing.settings, actor=actor)
    return 1
