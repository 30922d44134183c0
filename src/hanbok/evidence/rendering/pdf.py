"""A report as PDF with its Korean font inside, typeset by Typst, which needs neither browser nor network.

Extra `reports`: Typst from its wheel, Noto Sans KR (SIL OFL 1.1) from the wheel that carries it.
"""

from datetime import datetime
from importlib import import_module
from importlib.resources import as_file, files
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Language, Text
from hanbok.evidence.rendering.told import told
from hanbok.evidence.report import Made

_FONTS: Final = "justmytype_intl_cjk"


class PdfUnavailable(HanbokError):
    code = "pdf_unavailable"
    message = Text(ko="PDF를 만들 {what}이(가) 없습니다", en="{what} is missing, which a PDF needs")
    hint = Text(
        ko="`pip install 'hanbok[reports]'`로 설치하거나 --format html을 쓰십시오. HTML은 브라우저에서 인쇄됩니다.",
        en="Install it with `pip install 'hanbok[reports]'`, or use --format html, which prints from a browser.",
    )


class PdfFailed(HanbokError):
    """Typst refused the document: a slip in our template."""

    code = "pdf_failed"
    message = Text(ko="PDF를 만들지 못했습니다: {why}", en="the PDF could not be made: {why}")
    hint = Text(ko="--format html을 쓰고, 이 내용을 알려 주십시오.", en="Use --format html, and report this.")


def pdf(made: Made, language: Language) -> bytes:
    """Return the document. Raises PdfUnavailable, PdfFailed."""
    typst = _typst()
    data = msgspec.json.encode(told(made, language)).decode()
    template = (files("hanbok.evidence.rendering") / "templates" / "report.typ").read_bytes()
    with as_file(files(_FONTS) / "fonts" / "ofl" / "notosanskr") as fonts:
        try:
            compiled: Any = typst.compile(
                template,
                sys_inputs={"data": data},
                font_paths=[str(fonts)],
                ignore_system_fonts=True,
                pdf_standards=["ua-1"],
                timestamp=int(datetime.fromisoformat(made.setup.made).timestamp()),
            )
        except typst.TypstError as error:
            raise PdfFailed(why=str(error)[:300]) from None
    return bytes(compiled)


def _typst() -> ModuleType:
    for module in ("typst", _FONTS):
        if find_spec(module) is None:
            raise PdfUnavailable(what=module)
    return import_module("typst")
