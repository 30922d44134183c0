"""`hanbok plugins`: what other packages bring, and whether it may be loaded. Nothing of it is loaded to tell."""

from dataclasses import asdict

from cyclopts import App

from hanbok.cli.config import File
from hanbok.cli.options import Json
from hanbok.cli.output import print_rows
from hanbok.cli.words import say
from hanbok.core.plugin import offered
from hanbok.settings.reading import load

plugins = App(name="plugins", result_action="return_value")


@plugins.default
def show(config: File = None, *, json: Json = False) -> None:
    """List the plug-ins that are installed."""
    columns = {
        "group": say("그룹", "group"),
        "name": say("이름", "name"),
        "distribution": say("배포본", "distribution"),
        "version": say("판", "version"),
        "trusted": say("신뢰", "trusted"),
    }
    rows = [asdict(one) for one in offered(load(config).settings.plugins.trusted)]
    print_rows(rows, columns, json=json, empty=say("설치된 플러그인이 없습니다", "no plug-ins are installed"))
