"""`hanbok corpus`: the verbs that make a corpus and look at it, each loaded when it is called."""

from cyclopts import App

from hanbok.cli.words import say

_VERBS = {
    "build": (
        "hanbok.cli.corpus_build:build",
        say(
            "계획대로 말뭉치를 만듭니다. 끊기면 이어서 합니다.",
            "Make a corpus as planned; go on where it was cut off.",
        ),
    ),
    "stats": (
        "hanbok.cli.corpus_show:stats",
        say(
            "단계마다 남은 글과 버린 까닭을 보입니다.", "Show what each step kept, and why rows were dropped."
        ),
    ),
    "report": (
        "hanbok.cli.corpus_show:report",
        say("한 장의 HTML 보고서를 씁니다.", "Write a report as one HTML page."),
    ),
    "bill": (
        "hanbok.cli.corpus_show:bill",
        say("SPDX 3 자재명세서나 Croissant를 씁니다.", "Write an SPDX 3 bill of materials, or Croissant."),
    ),
    "check": (
        "hanbok.cli.corpus_show:check_corpus",
        say("학습해도 되는 말뭉치인지 봅니다.", "Tell whether a corpus may be trained on."),
    ),
    "fertility": (
        "hanbok.cli.corpus_fertility:measure",
        say(
            "토크나이저가 어절을 몇 토큰으로 자르는지 잽니다.", "Measure into how many tokens words are cut."
        ),
    ),
}

corpus = App(name="corpus", result_action="return_value")
for name, (path, text) in _VERBS.items():
    corpus.command(path, name=name, help=text)
