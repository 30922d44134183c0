"""Rows that a recipe makes of a template: the question that all of them share does not make them copies."""

from hanbok.studio.artifacts import make
from hanbok.studio.curate.plan import Curate, CuratePlan, fixed_of
from hanbok.studio.curate.reader import Source, Turn
from hanbok.studio.rows import rows_of

QUESTION = (
    "다음 민원을 맡을 부서를 도로교통, 환경청소, 세무, 복지, 건축주택, 여권민원 가운데 하나로 답하세요."
)
TEXTS = [
    "가로등이 나갔습니다.",
    "보도블록이 들떴습니다.",
    "쓰레기를 안 가져갑니다.",
    "여권을 잃어버렸습니다.",
]


class Nobody:
    def begin(self, what, total, unit):
        pass

    def advance(self, done):
        pass


def curated(tmp_path, texts):
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(f'{{"id": "{at}", "text": "{text}"}}\n' for at, text in enumerate(texts)))
    turns = (
        Turn(role="user", content=QUESTION + "\n\n민원: {text}"),
        Turn(role="assistant", content="{text}"),
    )
    source = Source(name="s", path=str(file), licence="CC0-1.0", messages=turns)
    plan = CuratePlan(sources=(source,), filters=None, language=None, boilerplate=None)
    stage = Curate(plan, workers=1)
    made = make(
        tmp_path,
        stage.makes,
        stage.name,
        stage.spec,
        {},
        lambda folder: stage.run({}, folder, Nobody()),
    )
    return plan, [row["id"] for row in rows_of(made)]


def test_a_question_in_every_row_makes_no_copies(tmp_path):
    plan, kept = curated(tmp_path, TEXTS)
    assert fixed_of(plan.sources) == (QUESTION, "민원:")
    assert len(kept) == len(TEXTS)


def test_real_copies_still_go(tmp_path):
    assert len(curated(tmp_path, [*TEXTS, *TEXTS])[1]) == len(TEXTS)
