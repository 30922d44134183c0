"""`hanbok application`: applications of an organisation."""

from hanbok.cli.party_verbs import party_app
from hanbok.policy.parties import PartyKind

application = party_app(PartyKind.APPLICATION)
