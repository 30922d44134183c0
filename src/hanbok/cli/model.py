"""`hanbok model`: the workshop's verbs, each in a file of its own that is loaded when it is called."""

from cyclopts import App

from hanbok.cli.words import say

_VERBS = {
    "build": (
        "hanbok.cli.model_build:build",
        say("레시피대로 원문에서 릴리스까지 만듭니다.", "Make a release from raw text, as a recipe says."),
    ),
    "tune": (
        "hanbok.cli.model_tune:tune",
        say("말뭉치로 베이스 모델을 조정합니다.", "Tune a base model on a corpus."),
    ),
    "verify": (
        "hanbok.cli.model_verify:verify",
        say("서명과 모든 파일을 확인합니다.", "Check the signature and every file."),
    ),
    "evaluate": (
        "hanbok.cli.model_evaluate:evaluate",
        say("모델을 평가 묶음으로 평가합니다.", "Evaluate a model by suites."),
    ),
    "compare": (
        "hanbok.cli.model_evaluate:compare_models",
        say("같은 방법으로 평가한 모델을 견줍니다.", "Compare models that were evaluated alike."),
    ),
    "harness": (
        "hanbok.cli.model_evaluate:harness",
        say("lm-evaluation-harness용 과제를 씁니다.", "Write tasks for lm-evaluation-harness."),
    ),
    "suites": (
        "hanbok.cli.model_evaluate:suites",
        say("평가 묶음을 보입니다.", "List the suites."),
    ),
    "export": (
        "hanbok.cli.model_export:export",
        say("어댑터나 모델을 GGUF로 내보냅니다.", "Export an adapter or a model as GGUF."),
    ),
    "release": (
        "hanbok.cli.model_release:release",
        say("릴리스를 등록소에 올립니다.", "Put a release on the registry's shelf."),
    ),
    "promote": (
        "hanbok.cli.model_release:promote",
        say("그 버전이 답하게 합니다.", "Have a version answer for its name."),
    ),
    "rollback": (
        "hanbok.cli.model_release:rollback",
        say("앞의 버전으로 되돌립니다.", "Go back to the version before."),
    ),
    "retire": (
        "hanbok.cli.model_release:retire",
        say("그 이름을 서비스에서 뺍니다.", "Take a name out of service."),
    ),
    "list": (
        "hanbok.cli.model_release:show_all",
        say("릴리스와, 그 가운데 답하는 것을 보입니다.", "List the releases, and which of them answer."),
    ),
    "compare-releases": (
        "hanbok.cli.model_release:compare",
        say("두 릴리스를 나란히 보입니다.", "Show two releases side by side."),
    ),
    "schema": (
        "hanbok.cli.model_schema:schema",
        say("레시피의 JSON Schema를 보입니다.", "Print the JSON Schema of a recipe, for editors."),
    ),
    "job": (
        "hanbok.cli.model_job:job",
        say("다른 곳의 조정 작업을 다룹니다.", "Fine-tuning jobs elsewhere."),
    ),
    "show": ("hanbok.cli.model_show:show", say("산출물이 무엇인지 보입니다.", "Show what an artifact is.")),
}

model = App(name="model", result_action="return_value")
for name, (path, text) in _VERBS.items():
    model.command(path, name=name, help=text)
