"""`hanbok model`: the workshop's verbs, each in a file of its own that is loaded when it is called."""

from cyclopts import App

from hanbok.cli.words import say

_VERBS = {
    "build": (
        "hanbok.cli.model_build:build",
        say("레시피대로 원문에서 릴리스까지 만듭니다.", "Make a release from raw text, as a recipe says."),
    ),
    "verify": (
        "hanbok.cli.model_verify:verify",
        say("서명과 모든 파일을 확인합니다.", "Check the signature and every file."),
    ),
    "show": ("hanbok.cli.model_show:show", say("산출물이 무엇인지 보입니다.", "Show what an artifact is.")),
}

model = App(name="model", result_action="return_value")
for name, (path, text) in _VERBS.items():
    model.command(path, name=name, help=text)
