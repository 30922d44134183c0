"""The register of uses of AI and the documents that stay for five years."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hanbok.core.clock import reading
from hanbok.evidence.documents import Documents
from hanbok.evidence.journal import Options
from hanbok.evidence.log_files import records
from hanbok.evidence.outbox import deliver
from hanbok.evidence.usecase import Impact, areas
from hanbok.evidence.usecases import UseCaseExists, UseCaseInvalid, UseCases, UseCaseUnknown
from hanbok.store.database import Store


@pytest.fixture
def store(tmp_path: Path):
    store = Store.open(f"sqlite:///{tmp_path / 'h.db'}")
    yield store
    store.close()


@pytest.fixture
def uses(store, tmp_path):
    uses = UseCases(store, Documents(tmp_path / "documents"))
    uses.add("loan", organisation="bank", name="대출 도우미", purpose="초안", models=("m",), actor="a")
    return uses


def test_the_questionnaire_decides_on_high_impact(uses):
    assert uses.get("loan").impact is Impact.UNKNOWN
    assert uses.answer("loan", {"energy": False}, assessor="x", actor="a").impact is Impact.UNKNOWN
    assert uses.answer("loan", dict.fromkeys(areas(), False), assessor="x", actor="a").impact is Impact.NONE
    assert uses.answer("loan", {"rights": True}, assessor="x", actor="a").impact is Impact.HIGH


def test_there_are_the_eleven_areas_of_the_act():
    assert [one.law[-2] for one in areas().values()] == list("가나다라마바사아자차카")


def test_wrong_ids_and_areas_are_refused(uses):
    with pytest.raises(UseCaseExists):
        uses.add("loan", organisation="bank", name="x", purpose="y", actor="a")
    with pytest.raises(UseCaseInvalid):
        uses.add("../etc", organisation="bank", name="x", purpose="y", actor="a")
    with pytest.raises(UseCaseInvalid):
        uses.answer("loan", {"weather": True}, assessor="x", actor="a")
    with pytest.raises(UseCaseUnknown):
        uses.describe("none", actor="a", notice="x")


def test_a_document_is_kept_for_five_years_and_its_loss_is_seen(uses, tmp_path):
    with reading(lambda: datetime(2028, 2, 29, 3, tzinfo=UTC)):
        kept = uses.keep("loan", b"plan", kind="plan", name="plan.txt", actor="a")
    assert kept.keep_until == "2033-02-28"
    documents = Documents(tmp_path / "documents")
    assert documents.check([kept.digest]) == {kept.digest: True}
    file = tmp_path / "documents" / kept.digest
    file.chmod(0o600)
    file.write_bytes(b"forged")
    assert documents.check([kept.digest]) == {kept.digest: False}
    file.unlink()
    assert documents.check([kept.digest]) == {kept.digest: False}


@pytest.mark.parametrize("digest", ["../hanbok.yaml", "", "A" * 64, "0" * 63])
def test_only_digests_name_documents(digest, tmp_path):
    assert Documents(tmp_path).check([digest]) == {digest: False}


async def test_each_change_is_an_act_of_the_log(uses, store, tmp_path):
    uses.answer("loan", {"rights": True}, assessor="준법감시인", actor="b")
    uses.describe("loan", actor="b", notice="알림", supervisor="책임관", contact="02-000-0000")
    uses.keep("loan", b"plan", kind="plan", name="plan.txt", actor="b")
    uses.describe("loan", actor="b", closed=True)
    await deliver(store, tmp_path / "log", Options())
    acts = [record.entry for record in records(tmp_path / "log") if record.entry.verb.startswith("usecase.")]
    assert [act.verb for act in acts] == [
        "usecase.add",
        "usecase.assess",
        "usecase.describe",
        "usecase.document",
        "usecase.close",
    ]
    assert all(act.facts["organisation"] == "bank" for act in acts)
    assert "02-000-0000" not in repr(acts)
    assert uses.get("loan").closed
    assert uses.all("other") == ()
