"""The contracts that hanbok's own parts keep."""

from pathlib import Path
from types import MappingProxyType

from acme_hanbok.dialect import Words
from acme_hanbok.endpoint import Acme
from acme_hanbok.front import Desk
from acme_hanbok.router import HomeFirst
from acme_hanbok.step import OfficeHours

from hanbok.testing.contracts import DialectContract, EndpointContract
from hanbok.testing.path_contracts import FrontContract, OrderContract, StepContract

HERE = Path(__file__).parent


class TestAcme(EndpointContract):
    kind = Acme
    golden = HERE / "acme.jsonl"


class TestWords(DialectContract):
    kind = Words
    golden = HERE / "acme_words.jsonl"


class TestDesk(FrontContract):
    kind = Desk
    golden = HERE / "acme_desk.jsonl"


class TestHomeFirst(OrderContract):
    kind = HomeFirst


class TestOfficeHours(StepContract):
    kind = OfficeHours
    options = MappingProxyType({"until": "0"})  # it is always later than midnight
    callers = (({"person": "hong"}, ""), ({}, "acme_after_hours"))
