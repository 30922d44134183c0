"""`hanbok model`: the workshop's verbs, each in a file of its own that is loaded when it is called."""

from cyclopts import App

from hanbok.cli.words import say

_VERBS = {
    "show": ("hanbok.cli.model_show:show", say("산출물이 무엇인지 보입니다.", "Show what an artifact is.")),
}

model = App(name="model", result_action="return_value")
for name, (path, text) in _VERBS.items():
    model.command(path, name=name, help=text)
