"""A short document of headings, sentences and tables, written as Markdown or as one HTML page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from hanbok.core.values import Language


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; its first column names the rows."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    language: Language
    title: str
    parts: tuple[Heading | Sentence | Grid, ...]


_STYLE = (
    "body{font-family:sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;line-height:1.6}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #888;padding:.4rem .6rem;text-align:left;vertical-align:top}"
)
_ACTIVE = str.maketrans({one: f"\\{one}" for one in "\\`*_[]<>|#"})


def markdown(paper: Paper) -> str:
    """Write it as Markdown with tables."""
    return "\n\n".join([f"# {_plain(paper.title)}", *_marked(paper.parts)]) + "\n"


def html(paper: Paper) -> str:
    """Write it as one page that needs nothing else."""
    title = escape(paper.title)
    return (
        f'<!doctype html>\n<html lang="{paper.language}">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n<h1>{title}</h1>\n" + "\n".join(_tagged(paper.parts)) + "\n</html>\n"
    )


def _plain(text: str) -> str:
    """Take from a text what Markdown would read as more than words."""
    return " ".join(text.split()).translate(_ACTIVE)


def _marked(parts: Iterable[Heading | Sentence | Grid]) -> Iterator[str]:
    for part in parts:
        match part:
            case Heading(text):
                yield f"## {_plain(text)}"
            case Sentence(text):
                yield _plain(text)
            case Grid(head, rows):
                lines = [head, tuple("---" for _ in head), *(tuple(map(_plain, row)) for row in rows)]
                yield "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _tagged(parts: Iterable[Heading | Sentence | Grid]) -> Iterator[str]:
    for part in parts:
        match part:
            case Heading(text):
                yield f"<h2>{escape(text)}</h2>"
            case Sentence(text):
                yield f"<p>{escape(text)}</p>"
            case Grid(head, rows):
                cells = "".join(f'<th scope="col">{escape(one)}</th>' for one in head)
                body = "\n".join(_row(row) for row in rows)
                yield f"<table>\n<tr>{cells}</tr>\n{body}\n</table>"


def _row(row: tuple[str, ...]) -> str:
    first, *rest = row
    return (
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(one)}</td>" for one in rest)}</tr>'
    )
