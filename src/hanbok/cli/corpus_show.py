"""`hanbok corpus stats`, `report`, `bill` and `check`: what is in a corpus, and whether it may be trained on."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from hanbok.cli.options import Json
from hanbok.cli.output import print_json, print_rows, print_table
from hanbok.cli.scan import Unwritable
from hanbok.cli.words import LANGUAGE, say
from hanbok.core.values import Language
from hanbok.studio.artifacts import Artifact, Kind, check, find
from hanbok.studio.curate.bill import spdx
from hanbok.studio.curate.checking import doubts
from hanbok.studio.curate.croissant import croissant
from hanbok.studio.curate.reasons import reason_in_words, step_in_words
from hanbok.studio.curate.report import page

Folder = Annotated[Path, Parameter(help=say("말뭉치의 폴더.", "Folder of the corpus."))]


def stats(folder: Folder, /, *, json: Json = False) -> None:
    """Print the figures of a corpus."""
    show(find(folder, Kind.CORPUS), json=json)


def report(
    folder: Folder,
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"], help=say("쓸 파일.", "File to write."))] = Path(
        "corpus.html"
    ),
    language: Annotated[
        Language, Parameter(help=say("보고서의 언어.", "The report's language."))
    ] = Language.KO,
) -> None:
    """Write the page: the way in, what was dropped and why with samples, rights, personal data."""
    _write(out, page(find(folder, Kind.CORPUS), language))
    print(out)


def bill(
    folder: Folder,
    /,
    *,
    form: Annotated[
        Literal["spdx", "croissant"], Parameter(name=["--format", "-f"], help=say("형식.", "Format."))
    ] = "spdx",
    out: Annotated[
        Path | None,
        Parameter(name=["--out", "-o"], help=say("쓸 파일. 없으면 화면.", "File to write; none: print.")),
    ] = None,
) -> None:
    """Write what the corpus is made of, for machines."""
    made = find(folder, Kind.CORPUS)
    body = spdx(made) if form == "spdx" else croissant(made)
    if out is None:
        print_json(body)
        return
    _write(out, msgspec.json.format(msgspec.json.encode(body), indent=2).decode() + "\n")
    print(out)


def check_corpus(
    folder: Folder,
    /,
    *,
    scan: Annotated[
        bool,
        Parameter(
            negative=(),
            help=say(
                "기록만 믿지 않고 모든 글을 다시 봅니다.", "Read every row again instead of the record."
            ),
        ),
    ] = False,
    names: Annotated[
        bool,
        Parameter(
            negative=(),
            help=say("--scan에서 이름과 주소도 찾습니다.", "With --scan, look for names and addresses too."),
        ),
    ] = False,
    json: Json = False,
) -> int:
    """Print what stands against training on it."""
    made = find(folder, Kind.CORPUS)
    check(made)
    found = doubts(made, scan=scan, names=names)
    rows = [
        {"what": one.what, "where": one.where, "why": one.why.of(LANGUAGE), "stops": one.stops}
        for one in found
    ]
    columns = {"what": say("무엇", "what"), "where": say("어디", "where"), "why": say("까닭", "why")}
    print_rows(rows, columns, json=json, empty=say("걸리는 것이 없습니다", "nothing stands against it"))
    return 1 if any(one.stops for one in found) else 0


def show(made: Artifact, *, json: bool) -> None:
    """Print the figures of a corpus."""
    facts = made.manifest.facts
    if json:
        print_json({"folder": str(made.path), "digest": made.digest, "facts": facts})
        return
    steps = [
        {"step": step_in_words(one["step"]).of(LANGUAGE), "in": one["in"], "out": one["out"]}
        for one in facts["steps"]
    ]
    print_table(
        steps,
        {"step": say("단계", "step"), "in": say("받은 글", "rows in"), "out": say("남은 글", "rows out")},
        "",
    )
    print()
    drops = [
        {"reason": key, "why": reason_in_words(key).of(LANGUAGE), "rows": rows}
        for key, rows in sorted(facts["drops"].items(), key=lambda one: (-one[1], one[0]))
    ]
    columns = {"rows": say("버린 글", "dropped"), "why": say("까닭", "why"), "reason": say("기호", "key")}
    print_table(drops, columns, say("버린 글이 없습니다", "nothing was dropped"))
    print()
    kept, read = facts["out"]["rows"], facts["read"]
    print(
        say(
            f"글 {read:,}건 가운데 {kept:,}건, {facts['out']['chars']:,}자",
            f"{kept:,} of {read:,} rows, {facts['out']['chars']:,} characters",
        )
    )
    print(made.path)


def _write(path: Path, body: str) -> None:
    try:
        path.write_text(body, encoding="utf-8")
    except OSError as error:
        raise Unwritable(file=path, why=error.strerror) from None
