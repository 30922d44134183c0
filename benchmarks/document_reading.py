"""What it costs to take the text out of documents, beside the library that knows the format best, in the same run.

Each document is made here, from a seed: 40 pages, sheets of 5,000 rows. CPU of this process and of those it starts, the
least of several runs.
"""

import random
import resource
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import docx
import openpyxl
import pptx
import pypdfium2
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from documents.made import pdf, saved
from hanbok.documents.reading import read

WORDS = ("계약", "담당자", "금액", "기간", "신청", "민원", "처리", "결과", "통지", "서류", "제출", "확인")
RUNS = 5


def sentence(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=12)) + "하였다."


def made(chance: random.Random) -> dict[str, bytes]:
    texts = [sentence(chance) for _ in range(40 * 30)]
    word, show, book = docx.Document(), pptx.Presentation(), openpyxl.Workbook()
    for text in texts:
        word.add_paragraph(text)
    for at in range(0, len(texts), 30):
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.placeholders[1].text = "\n".join(texts[at : at + 30])
    for at in range(5000):
        book.active.append([at, chance.random() * 1e6, *chance.choices(WORDS, k=6)])
    return {
        "docx": saved(word),
        "pptx": saved(show),
        "xlsx": saved(book),
        "pdf": pdf(*("\n".join(texts[at : at + 30]) for at in range(0, len(texts), 30))),
        "html": (
            "<!doctype html><meta charset=utf-8>" + "".join(f"<p>{text}</p>" for text in texts)
        ).encode(),
    }


def of_docx(data: bytes) -> str:
    return "\n".join(one.text for one in docx.Document(BytesIO(data)).paragraphs)


def of_pptx(data: bytes) -> str:
    slides = pptx.Presentation(BytesIO(data)).slides
    return "\n".join(
        shape.text_frame.text for slide in slides for shape in slide.shapes if shape.has_text_frame
    )


def of_xlsx(data: bytes) -> str:
    book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True)
    rows = (row for sheet in book for row in sheet.iter_rows(values_only=True))
    return "\n".join(" | ".join(str(one) for one in row if one is not None) for row in rows)


def of_pdf(data: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(data))


def of_html(data: bytes) -> str:
    return str(extract_plain_text(HTMLTree.parse(data.decode()), main_content=False))


ALONE = {"docx": of_docx, "pptx": of_pptx, "xlsx": of_xlsx, "pdf": of_pdf, "html": of_html}


def least(work: Callable[[], object]) -> float:
    def spent() -> float:
        below = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + below.ru_utime + below.ru_stime

    times = []
    for _ in range(RUNS):
        begin = spent()
        work()
        times.append(spent() - begin)
    return min(times)


def main() -> None:
    print(f"{'format':8}{'KB':>8}{'characters':>12}{'ours, ms':>10}{'alone, ms':>10}{'characters/s':>14}")
    for name, data in made(random.Random(7)).items():
        ours = least(lambda: read(data, f"a.{name}"))  # noqa: B023 - called at once
        alone = least(lambda: ALONE[name](data))  # noqa: B023 - called at once
        size = sum(len(one.text) for one in read(data, f"a.{name}").parts)
        assert size > 0.9 * len("".join(ALONE[name](data).split()))
        print(
            f"{name:8}{len(data) / 1e3:8.0f}{size:12,}{ours * 1e3:10.1f}{alone * 1e3:10.1f}{size / ours:14,.0f}"
        )


if __name__ == "__main__":
    main()
