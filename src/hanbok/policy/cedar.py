"""Judges by Cedar policies: parsed once, each ruling kept by what was asked."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import cedarpy

from hanbok.core.values import Destination, Form, Grade, Principal
from hanbok.guard.kinds import kinds as known_kinds
from hanbok.policy.circumstances import UNREGISTERED, Circumstances, Use, csap_of
from hanbok.policy.errors import PolicyBroken
from hanbok.policy.pack import Policy, merge, read, read_pack, schema_for
from hanbok.policy.ruling import Question, Ruling

ALWAYS: Final = ("house",)
"""Packs in force whatever the settings say."""
OTHER: Final = "OTHER"
"""Stands for a kind that the schema does not name: every law on personal data covers it."""

_ACTION: Final = {"type": "Action", "id": "send"}
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_ANYONE: Final = Principal(organisation="", key="")
_PLAIN: Final = Circumstances()
_REMEMBERED: Final = 4096
"""Rulings kept."""


def load_judge(
    packs: Sequence[str],
    extra: Mapping[str, str],
    on: date,
    kinds: Mapping[str, str] = _NONE,
    circumstances: Circumstances = _PLAIN,
) -> "CedarJudge":
    """Return the judge of the packs, the door's own rules and the organisation's texts (by file name) that are in
    force on this day. `kinds` are types of findings beyond hanbok's own, each with the one that it is like: the
    rules on both apply to it. Raises PolicyInvalid.
    """
    names = frozenset({*known_kinds(), *kinds, OTHER})
    schema = schema_for(names)
    laws = [policy for name in dict.fromkeys((*ALWAYS, *packs)) for policy in read_pack(name)]
    own = [policy for file, text in extra.items() for policy in read(file, text, schema)]
    policies = [policy for policy in merge(own, laws) if policy.in_force(on)]
    return CedarJudge(policies, schema, names, kinds, circumstances)


class CedarJudge:
    """Rules by Cedar: what no policy permits is denied, and any forbid outweighs every permit."""

    def __init__(
        self,
        policies: Sequence[Policy],
        schema: str,
        kinds: frozenset[str],
        alike: Mapping[str, str] = _NONE,
        circumstances: Circumstances = _PLAIN,
    ) -> None:
        """Take policies in force with distinct ids, the schema that they were checked against and the kinds in it."""
        self.policies: Final = tuple(policies)
        self.circumstances: Final = circumstances
        self.version: Final = _digest(policies, schema, circumstances)
        self._csap: Final = {grade.value: circumstances.csap.get(grade, 0) for grade in Grade}
        self._clauses: Final = {policy.clause.id: policy.clause for policy in policies}
        self.kinds: Final = kinds
        self._alike: Final = dict(alike)
        rules = {policy.clause.id: policy.rule for policy in policies}
        self._set = cedarpy.PolicySet.from_json_str(
            json.dumps({"staticPolicies": rules, "templates": {}, "templateLinks": []})
        )
        self._schema = cedarpy.Schema.from_str(schema)
        # Where no policy asks who calls, all callers share the rulings that are kept.
        self._personal: Final = any(_asks_who(policy.rule) for policy in policies)
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._judge)

    def rule(self, question: Question) -> Ruling:
        """Return the ruling. Raises PolicyBroken when a policy cannot be evaluated."""
        return self._remembered(
            question.principal if self._personal else _ANYONE,
            question.destination,
            question.model,
            question.grade,
            question.kinds,
            question.form,
            question.unread,
        )

    def _judge(
        self,
        principal: Principal,
        destination: Destination,
        model: str,
        grade: Grade,
        kinds: frozenset[str],
        form: Form,
        unread: bool,  # noqa: FBT001 - a key of the cache
    ) -> Ruling:
        question = Question(
            principal=principal,
            destination=destination,
            model=model,
            grade=grade,
            kinds=kinds,
            form=form,
            unread=unread,
        )
        use = self.circumstances.uses.get(principal.application, UNREGISTERED)
        result = cedarpy.is_authorized(  # pyright: ignore[reportUnknownMemberType] - takes bare dicts
            self._request(question), self._set, _entities(question, use), self._schema
        )
        # Cedar skips a policy that fails, which would lift a forbid: an error of any kind refuses.
        if result.diagnostics.errors or result.decision is cedarpy.Decision.NoDecision:
            raise PolicyBroken(policies=_culprits(result.diagnostics.errors))
        return Ruling(
            allowed=result.allowed,
            clauses=tuple(self._clauses[name] for name in sorted(result.diagnostics.reasons)),
        )

    def _request(self, question: Question) -> dict[str, Any]:
        named = question.kinds | {self._alike[kind] for kind in question.kinds if kind in self._alike}
        kinds = {kind if kind in self.kinds else OTHER for kind in named}
        return {
            "principal": _uid("Key", question.principal.key),
            "action": _ACTION,
            "resource": _uid("Endpoint", question.destination.endpoint),
            "context": {
                "model": question.model,
                "grade": _reference("Grade", question.grade.value),
                "kinds": [_reference("Kind", kind) for kind in sorted(kinds)],
                "form": _reference("Form", question.form.value),
                "unread": question.unread,
                "csap": self._csap,
            },
        }


def _asks_who(rule: Mapping[str, Any]) -> bool:
    return rule["principal"]["op"] != "All" or '"Var": "principal"' in json.dumps(rule["conditions"])


def _entities(question: Question, use: Use) -> list[dict[str, Any]]:
    principal, to = question.principal, question.destination
    organisation = _uid("Organisation", principal.organisation)
    team = _uid("Team", f"{principal.organisation}/{principal.team}")
    place: dict[str, Any] = {
        "country": to.country,
        "zone": _reference("Zone", to.zone.value),
        "operator": to.operator,
        "trains": to.data_use.trains,
        "basis": to.data_use.basis,
        "certificates": list(to.certificates),
        "csap": csap_of(to.certificates),
        "lapsed": list(to.lapsed),
    }
    if to.data_use.retention_days is not None:
        place["retention_days"] = to.data_use.retention_days
    person = {"person": principal.person, "application": principal.application, "use": asdict(use)}
    return [
        {
            "uid": _uid("Key", principal.key),
            "attrs": person,
            "parents": [organisation, team] if principal.team else [organisation],
        },
        {"uid": team, "attrs": {}, "parents": [organisation]},
        {"uid": _uid("Endpoint", to.endpoint), "attrs": place, "parents": []},
    ]


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def _reference(kind: str, name: str) -> dict[str, dict[str, str]]:
    return {"__entity": _uid(kind, name)}


def _culprits(errors: Iterable[str]) -> str:
    """Return the ids of the policies that errors name; the rest of their text may quote a request."""
    named = {name for error in errors for name in re.findall(r"policy `([^`]+)`", error)}
    return ", ".join(sorted(named)) or "?"


def _digest(policies: Iterable[Policy], schema: str, circumstances: Circumstances) -> str:
    whole = hashlib.sha256(schema.encode())
    whole.update(json.dumps(circumstances.facts(), sort_keys=True).encode())
    for text in sorted(policy.text for policy in policies):
        whole.update(b"\0" + text.encode())
    return whole.hexdigest()[:16]
