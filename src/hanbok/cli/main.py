"""The `hanbok` command.

Exit codes: 0 done; 1 found something, or a check failed; 2 wrong usage; 3 an error with a code; 130 interrupted.
"""

import sys

from cyclopts import App, CycloptsError
from rich.console import Console

from hanbok.cli.words import LANGUAGE, say
from hanbok.core.errors import HanbokError

USAGE, FAILED, INTERRUPTED = 2, 3, 130
_VERBS = {
    "serve": say("서버를 시작합니다.", "Start the server."),
    "ask": say("도는 서버의 모델에 묻습니다.", "Ask a model of a running server."),
    "scan": say("파일에서 개인정보와 비밀을 찾습니다.", "Find personal data and secrets in files."),
    "models": say("모델과 엔드포인트를 보입니다.", "Show models and endpoints."),
    "key": say("가상 키를 만들고, 보이고, 폐기합니다.", "Create, list and revoke virtual keys."),
    "org": say("조직을 만들고 보입니다.", "Create and list organisations."),
    "log": say("증거 로그를 보이고 검증합니다.", "Show and verify the evidence log."),
    "config": say("설정을 보이고 검사합니다.", "Show and check the settings."),
    "guard": say("가드를 시험하고 채점합니다.", "Test and score the guard."),
}


def build() -> App:
    """Return the command with its verbs; each verb's module is loaded when it is called."""
    app = App(
        name="hanbok",
        help=say(
            "모든 모델로 통하는, 적법하고 빠르고 증명할 수 있는 하나의 문.",
            "One lawful, fast, provable door to every model.",
        ),
        help_on_error=False,
        result_action="return_value",
    )
    for verb, text in _VERBS.items():
        app.command(f"hanbok.cli.{verb}:{verb}", name=verb, help=text)
    return app


def main() -> None:
    """Run the command line and exit."""
    errors = Console(stderr=True, highlight=False)
    try:
        code = build()(exit_on_error=False, print_error=True, error_console=errors)
    except CycloptsError:
        code = USAGE
    except HanbokError as error:
        errors.print(
            f"{say('오류', 'error')} [{error.code}] {error.say(LANGUAGE)}", markup=False, style="red"
        )
        errors.print(error.advise(LANGUAGE), markup=False)
        code = FAILED
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code if isinstance(code, int) else 0)
