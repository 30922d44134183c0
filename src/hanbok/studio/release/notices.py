"""What must travel with a model because of the licences of its base and its data."""

from collections.abc import Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from shutil import copyfile
from typing import Final

from hanbok.gateway.llama.notice import PACKAGE
from hanbok.studio.artifacts import Artifact
from hanbok.studio.release.licences import Duty

NOTICE: Final = "NOTICE.md"
_CARRIED: Final = ("LICENSE*", "NOTICE*")
_GEMMA: Final = (
    "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms"
)
_MODIFIED: Final = (
    "이 모델은 위 기반 모델의 가중치를 고친 것입니다(미세조정). "
    "This model modifies the weights of the base named above (fine-tuned)."
)


def write_notices(folder: Path, duties: Sequence[Duty], base: Artifact, licence: str) -> None:
    """Write `NOTICE.md` and lay the base's own licence files beside it."""
    lines = ["# 고지 (Notices)", ""]
    if licence:
        lines += [f"이 릴리스의 이용허락(licence of this release): {licence}", ""]
    for one in duties:
        lines += [f"## {one.title.en} ({one.what})", "", one.why.ko, "", one.why.en, ""]
        if one.permission:
            lines += [f"근거(ground): {one.permission}", ""]
    carried = _carry(folder, base)
    if any("gemma" in one.licence.lower() for one in duties):
        lines += [_GEMMA + ".", ""]
        carried += _gemma_terms(folder)
    lines += [_MODIFIED, ""]
    if carried:
        lines += ["함께 있는 문서(documents here): " + ", ".join(carried), ""]
    (folder / NOTICE).write_text("\n".join(lines), encoding="utf-8")


def _carry(folder: Path, base: Artifact) -> list[str]:
    """Copy the base's own texts, under names that say whose they are."""
    found: list[str] = []
    for path in sorted(path for pattern in _CARRIED for path in base.path.glob(pattern)):
        copyfile(path, folder / f"BASE-{path.name}")
        found.append(f"BASE-{path.name}")
    return found


def _gemma_terms(folder: Path) -> list[str]:
    """Pass on a copy of the terms, which the package of the weights carries (Gemma Terms of Use, 3.1)."""
    if find_spec(PACKAGE) is None:
        return []
    (folder / "GEMMA_TERMS.html").write_bytes((files(PACKAGE) / "data" / "GEMMA_TERMS.html").read_bytes())
    return ["GEMMA_TERMS.html"]
