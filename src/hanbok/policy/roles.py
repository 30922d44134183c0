"""Roles and what they allow. The table is data, `roles.toml`; the decision is a pure function of it."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from hanbok.core.errors import HanbokError
from hanbok.core.values import Principal, Text
from hanbok.policy.organisations import OrganisationUnknown


class Role(StrEnum):
    """What a person is for. Every person is a member; the others are granted."""

    ADMIN = "admin"
    OPERATOR = "operator"
    COMPLIANCE = "compliance"
    AUDITOR = "auditor"
    MEMBER = "member"


class Scope(StrEnum):
    """How far a granted role reaches."""

    ORGANISATION = "organisation"
    """The person's own organisation."""
    PLATFORM = "platform"
    """Every organisation, and what stands above them."""


class PermissionMissing(HanbokError):
    code = "permission_missing"
    message = Text(
        ko="이 일에는 {permission!r} 권한이 필요합니다", en="this needs the permission {permission!r}"
    )
    hint = Text(
        ko="그 권한이 있는 역할: {roles}. 관리자에게 역할을 요청하십시오.",
        en="Roles that have it: {roles}. Ask an administrator for one of them.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """`own`: roles that have it in their own organisation; `all`: roles of the platform that have it in every one."""

    name: str
    title: Text
    own: frozenset[Role]
    all: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalKind:
    """Something that one person may ask for and another must allow."""

    name: str
    title: Text
    request: frozenset[Role]
    approve: frozenset[Role]
    lasts: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTable:
    titles: dict[Role, Text]
    permissions: dict[str, Permission]
    approvals: dict[str, ApprovalKind]


@cache
def role_table() -> RoleTable:
    """Return the table that the package holds."""
    tree = tomllib.loads((files("hanbok.policy") / "roles.toml").read_text(encoding="utf-8"))
    return RoleTable(
        titles={Role(name): Text(ko=one["ko"], en=one["en"]) for name, one in tree["roles"].items()},
        permissions={
            name: Permission(name=name, title=_text(one), own=_roles(one["own"]), all=_roles(one["all"]))
            for name, one in tree["permissions"].items()
        },
        approvals={
            name: ApprovalKind(
                name=name,
                title=_text(one),
                request=_roles(one["request"]),
                approve=_roles(one["approve"]),
                lasts=timedelta(hours=one["hours"]),
            )
            for name, one in tree["approvals"].items()
        },
    )


def allows(who: Principal, permission: str, organisation: str) -> bool:
    """Tell whether `who` may do this in an organisation; an empty one stands for all of them."""
    rule = role_table().permissions[permission]
    return bool(rule.all & who.platform or (organisation == who.organisation and rule.own & who.roles))


def permissions_of(who: Principal) -> dict[Scope, list[str]]:
    """Return what `who` may do in their own organisation, and in every one."""
    table = role_table().permissions.values()
    return {
        Scope.ORGANISATION: [one.name for one in table if allows(who, one.name, who.organisation)],
        Scope.PLATFORM: [one.name for one in table if one.all & who.platform],
    }


def require(who: Principal, permission: str, organisation: str) -> None:
    """Let pass or raise: OrganisationUnknown when `who` has nothing to do with the organisation, so that the answer
    does not tell whether it is there; PermissionMissing when they have.
    """
    if allows(who, permission, organisation):
        return
    if organisation not in (who.organisation, "") and not who.platform:
        raise OrganisationUnknown(organisation=organisation)
    rule = role_table().permissions[permission]
    named = sorted(rule.own) + [f"{role} ({Scope.PLATFORM})" for role in sorted(rule.all)]
    raise PermissionMissing(permission=permission, roles=", ".join(named) or "-")


def _text(one: dict[str, Any]) -> Text:
    return Text(ko=one["ko"], en=one["en"])


def _roles(names: list[str]) -> frozenset[Role]:
    return frozenset(Role(name) for name in names)
