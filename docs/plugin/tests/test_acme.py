"""The contract that hanbok's own endpoints keep."""

from pathlib import Path

from acme_hanbok.endpoint import Acme

from hanbok.testing.contracts import EndpointContract


class TestAcme(EndpointContract):
    kind = Acme
    golden = Path(__file__).parent / "acme.jsonl"
