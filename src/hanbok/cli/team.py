"""`hanbok team`: teams of an organisation."""

from hanbok.cli.party_verbs import party_app
from hanbok.policy.parties import PartyKind

team = party_app(PartyKind.TEAM)
