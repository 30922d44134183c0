"""`hanbok store`: the database of keys, organisations and spending."""

from typing import Annotated

from cyclopts import App, Parameter
from sqlalchemy import make_url

from hanbok.cli.config import File
from hanbok.cli.options import Json
from hanbok.cli.output import print_json
from hanbok.cli.words import say
from hanbok.settings.reading import load
from hanbok.store.database import Store
from hanbok.store.moving import as_it_is
from hanbok.store.moving import move as move_all
from hanbok.store.schema import VERSION, version_of

store = App(name="store", result_action="return_value")


@store.command(
    help=say("어느 데이터베이스를 쓰고 스키마가 몇 판인지 보입니다.", "Show the database and its schema.")
)
def status(*, json: Json = False, config: File = None) -> None:
    """Print where the records are. Changes nothing: tables of an older hanbok are brought up to date by `serve`."""
    url = load(config).settings.store_url
    opened = Store.open(url, as_it_is)
    try:
        with opened.read() as connection:
            found = version_of(connection)
    finally:
        opened.close()
    shown = {"url": _shown(url), "schema": found or None, "newest": VERSION}
    if json:
        print_json(shown)
    else:
        print(
            say(
                f"{shown['url']}\n스키마 {found or '없음'} (이 hanbok은 {VERSION})",
                f"{shown['url']}\nschema {found or 'none'} (this hanbok: {VERSION})",
            )
        )


@store.command(help=say("모든 기록을 다른 데이터베이스로 옮깁니다.", "Move all records to another database."))
def move(
    *,
    to: Annotated[
        str,
        Parameter(
            help=say(
                "새 주소, 예: postgresql://hanbok@db/hanbok (비밀번호는 PGPASSWORD나 ~/.pgpass로).",
                "The new address, such as postgresql://hanbok@db/hanbok (password by PGPASSWORD or ~/.pgpass).",
            )
        ),
    ],
    json: Json = False,
    config: File = None,
) -> None:
    """Copy every table, close the old database, and say what to do next. Servers may run meanwhile."""
    source = Store.open(load(config).settings.store_url, as_it_is)
    try:
        target = Store.open(to, as_it_is)
        try:
            moved = move_all(source, target)
        finally:
            target.close()
    finally:
        source.close()
    if json:
        print_json({"url": _shown(to), "tables": moved.tables, "rows": moved.rows})
        return
    print(
        say(
            f"표 {moved.tables}개, 행 {moved.rows}개를 옮겼습니다. 이제 hanbok.yaml의 store.url을 바꾸고 서버에 "
            f"SIGHUP을 보내십시오: 그때까지 키는 그대로 쓸 수 있고, 바꾸는 일만 거절됩니다.",
            f"{moved.rows} rows of {moved.tables} tables moved. Now set store.url in hanbok.yaml and send the server a "
            f"SIGHUP: until then keys work as before, and only changes are refused.",
        )
    )


def _shown(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)
