"""Health insurance card numbers (건강보험증 번호): eleven digits that only a word beside them tells apart."""

from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.context import Context
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import HEAD, JOINT, NUMBER, TAIL, compile_number

_SHAPES = (
    compile_number("[1-9]", "[0-9]{10}"),
    compile_number("[1-9][0-9]{3}", "[0-9]{3,4}", "[0-9]{3,4}"),
    compile_number("[1-9]", "[0-9]{4}", "[0-9]{6}"),
    compile_number("[1-9]", "[0-9]{6}", "[0-9]{4}"),
)
_CONTEXT = Context(
    r"건강[ ]?보험|보험[ ]?증(?!권)|(?<![가-힣])증[ ]?번호|건보|의료[ ]?보험|health[ _]?ins|nhis"
)


class HealthIns:
    kind: ClassVar[str] = "HEALTH_INS"
    patterns: ClassVar[tuple[str, ...]] = (
        HEAD + "[1-9]" + JOINT + "[0-9]{10}" + TAIL,
        HEAD + JOINT.join(("[1-9]", "[0-9]{4}", "[0-9]{6}")) + TAIL,
        HEAD + JOINT.join(("[1-9]", "[0-9]{6}", "[0-9]{4}")) + TAIL,
        HEAD + JOINT.join(("[1-9][0-9]{3}", "[0-9]{3,4}", "[0-9]{3,4}")) + TAIL,
    )
    alphabet: ClassVar[frozenset[str]] = NUMBER
    raw: ClassVar[bool] = False
    most: ClassVar[float] = 0.93

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for shape in _SHAPES:
            for match in shape.finditer(text, start, end):
                if word := _CONTEXT.near(text, match.start(), match.end()):
                    why = (f"context:{word}",)
                    yield Finding(
                        kind="HEALTH_INS", start=match.start(), end=match.end(), score=0.93, why=why
                    )
