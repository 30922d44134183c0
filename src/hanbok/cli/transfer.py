"""`hanbok transfer`: who gets data, on what basis and until when; the papers and the rules that follow from it."""

import socket
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from hanbok.building import ways_of
from hanbok.cli.config import File
from hanbok.cli.options import Json
from hanbok.cli.output import print_rows
from hanbok.cli.words import LANGUAGE, say
from hanbok.core.clock import today
from hanbok.core.errors import HanbokError
from hanbok.core.values import Language, Text
from hanbok.policy.disclosure import Register, disclosure, processor_register
from hanbok.policy.firewall import Style, Way, rules
from hanbok.policy.paper import Paper, html, markdown
from hanbok.policy.transfers import Concern, incomplete, running_out
from hanbok.settings.reading import load
from hanbok.settings.settings import Settings


class PlaceInvalid(HanbokError):
    code = "place_invalid"
    message = Text(ko="{place!r}은(는) HOST:PORT가 아닙니다", en="{place!r} is not HOST:PORT")
    hint = Text(ko="db.internal:5432처럼 쓰십시오.", en="Write it like db.internal:5432.")


transfer = App(name="transfer", result_action="return_value")
FOUND = 1
On = Annotated[
    date | None, Parameter(help=say("이 날을 기준으로. 없으면 오늘.", "As of this day; none: today."))
]
As = Annotated[Literal["md", "html"], Parameter(name="--format", help=say("md나 html.", "md or html."))]
Tongue = Annotated[
    Language | None, Parameter(help=say("ko나 en. 없으면 터미널의 언어.", "ko or en; none: the terminal's."))
]
Out = Annotated[
    Path | None,
    Parameter(
        name=["--out", "-o"], help=say("쓸 파일. 없으면 표준 출력.", "File to write; none: standard output.")
    ),
]


@transfer.command(
    name="list", help=say("엔드포인트마다 오늘 인정되는 것을 보입니다.", "Show what holds of each endpoint.")
)
def show(*, on: On = None, json: Json = False, config: File = None) -> None:
    """Print one row for each endpoint: zone, country, basis, certificates, pledge, and what has lapsed."""
    settings, day = load(config).settings, on or today()
    rows: list[dict[str, object]] = []
    for name, one in settings.endpoints.items():
        there = settings.destination(name, day)
        rows.append(
            {
                "endpoint": name,
                "processor": one.processor,
                "zone": there.zone.value,
                "country": there.country,
                "basis": there.data_use.basis,
                "certificates": there.certificates,
                "trains": there.data_use.trains,
                "lapsed": there.lapsed,
            }
        )
    columns = {
        "endpoint": say("엔드포인트", "endpoint"),
        "processor": say("수탁자", "processor"),
        "zone": say("구역", "zone"),
        "country": say("나라", "country"),
        "basis": say("근거", "basis"),
        "certificates": say("인증", "certificates"),
        "trains": say("학습에 씀", "trains"),
        "lapsed": say("기한 지남", "lapsed"),
    }
    print_rows(rows, columns, json=json, empty=say("엔드포인트가 없습니다", "no endpoints"))


@transfer.command(
    help=say(
        "기한이 지났거나 곧 지나는 증빙과 빠진 기록을 보입니다.",
        "Show records that have lapsed or soon will, and what is missing.",
    )
)
def check(
    *,
    days: Annotated[
        int | None,
        Parameter(
            help=say("이 날수 안에 끝나는 것. 없으면 설정대로.", "Ending within so many days; none: as set.")
        ),
    ] = None,
    on: On = None,
    json: Json = False,
    config: File = None,
) -> int:
    """Print one row for each concern, soonest first. Exit code 1 when there is any."""
    settings, day = load(config).settings, on or today()
    register = _register(settings)
    within = settings.transfers.warn_days if days is None else days
    found = [
        *running_out(register.processors, day, within),
        *incomplete(register.processors, register.places, day),
    ]
    columns = {
        "processor": say("수탁자", "processor"),
        "record": say("기록", "record"),
        "days": say("남은 날", "days left"),
        "what": say("내용", "what"),
    }
    print_rows(
        [_row(one) for one in found],
        columns,
        json=json,
        empty=say("빠진 것이 없습니다", "nothing is missing"),
    )
    return FOUND if found else 0


@transfer.command(
    name="disclosure",
    help=say(
        "국외 이전 고지문을 만듭니다(개인정보 보호법 제28조의8제2항).",
        "Write the notice of transfers abroad (PIPA art. 28-8 par. 2).",
    ),
)
def write_disclosure(
    *, format_: As = "md", language: Tongue = None, out: Out = None, on: On = None, config: File = None
) -> None:
    """Write it from the records in force."""
    register = _register(load(config).settings)
    _write(disclosure(register, on or today(), language or LANGUAGE), format_, out)


@transfer.command(
    name="register",
    help=say(
        "수탁자 현황을 만듭니다(개인정보 보호법 제26조).", "Write the register of processors (PIPA art. 26)."
    ),
)
def write_register(
    *, format_: As = "md", language: Tongue = None, out: Out = None, on: On = None, config: File = None
) -> None:
    """Write it from all records."""
    register = _register(load(config).settings)
    _write(processor_register(register, on or today(), language or LANGUAGE), format_, out)


@transfer.command(
    name="rules",
    help=say(
        "나가도 되는 곳의 목록을 방화벽이나 프록시의 규칙으로 씁니다.",
        "Write the places that may be connected to as rules for a firewall or proxy.",
    ),
)
def write_rules(
    *,
    format_: Annotated[
        Style,
        Parameter(
            name="--format",
            help=say("nftables, squid, kubernetes, cilium.", "nftables, squid, kubernetes or cilium."),
        ),
    ] = Style.NFTABLES,
    also: Annotated[
        tuple[str, ...],
        Parameter(
            help=say(
                "더할 곳, HOST:PORT: 데이터베이스, 키 서버 등.",
                "Further places, HOST:PORT: the database, a key server.",
            ),
            consume_multiple=True,
        ),
    ] = (),
    out: Out = None,
    config: File = None,
) -> int:
    """Write the rules. Exit code 1 when a name has no address, so that nothing was written for it."""
    ways = [*ways_of(load(config).settings), *(_way(one) for one in also)]
    written = rules(format_, ways, _addresses)
    _put(written.text, out)
    for name in written.unresolved:
        print(say(f"주소를 찾을 수 없습니다: {name}", f"no address for {name}"), file=sys.stderr)
    return FOUND if written.unresolved else 0


def _register(settings: Settings) -> Register:
    transfers = settings.transfers
    places = {name: (one.processor, settings.placed(name)) for name, one in settings.endpoints.items()}
    return Register(controller=transfers.controller.value, processors=transfers.processors, places=places)


def _row(one: Concern) -> dict[str, object]:
    return {
        "processor": one.processor,
        "record": one.what,
        "days": one.days,
        "what": one.why.of(LANGUAGE),
    }


def _way(place: str) -> Way:
    host, _, port = place.rpartition(":")
    if not host or not port.isdecimal():
        raise PlaceInvalid(place=place)
    return Way(host.strip("[]"), int(port), "also")


def _addresses(name: str) -> list[str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(one[4][0]) for one in found]


def _write(paper: Paper, format_: str, out: Path | None) -> None:
    _put(html(paper) if format_ == "html" else markdown(paper), out)


def _put(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")
        print(out)
