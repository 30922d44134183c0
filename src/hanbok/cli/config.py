"""`hanbok config show|check|schema`."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from hanbok.building import plugins_of
from hanbok.cli.output import print_json
from hanbok.cli.words import say
from hanbok.settings.reading import load, schema, shown

config = App(name="config", result_action="return_value")
File = Annotated[
    Path | None, Parameter(name=["--config", "-c"], help=say("설정 파일.", "The settings file."))
]


@config.command(
    help=say(
        "적용되는 설정을 JSON으로 보입니다(비밀은 가림).",
        "Show the settings in force as JSON, secrets hidden.",
    )
)
def show(file: File = None) -> None:
    """Print every setting with its value."""
    print_json(shown(load(file).settings))


@config.command(help=say("설정 파일을 검사합니다.", "Check the settings file."))
def check(file: File = None) -> None:
    """Say that the settings are valid, or fail with lines."""
    loaded = load(file)
    for plugin in plugins_of(loaded.settings):
        print(say(f"플러그인: {plugin}", f"plug-in: {plugin}"))
    where = str(loaded.source) if loaded.source else say("기본값", "the defaults")
    print(say(f"설정이 올바릅니다: {where}", f"the settings are valid: {where}"))


@config.command(
    name="schema", help=say("편집기를 위한 JSON Schema를 보입니다.", "Print the JSON Schema, for editors.")
)
def show_schema() -> None:
    """Print the JSON Schema of `hanbok.yaml`."""
    print_json(schema())
