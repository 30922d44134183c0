"""What can go wrong while a model is evaluated."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class SuiteInvalid(HanbokError):
    code = "suite_invalid"
    message = Text(
        ko="평가 묶음 {path}을(를) 읽을 수 없습니다: {why}", en="the suite {path} cannot be read: {why}"
    )
    hint = Text(
        ko="`hanbok model suites`로 이름을 확인하거나 그 자리를 고치십시오.",
        en="Correct that place; `hanbok model suites` lists the ones that come with hanbok.",
    )


class DataUnreadable(HanbokError):
    code = "evaluation_data_unreadable"
    message = Text(
        ko="평가 자료 {path}을(를) 읽을 수 없습니다: {why}", en="the data file {path} cannot be read: {why}"
    )
    hint = Text(
        ko="`--data`가 자료 폴더를 가리키는지, 파일이 온전한지 확인하십시오.",
        en="Check that `--data` names the folder of the data and that the file is whole.",
    )


class DataChanged(HanbokError):
    code = "evaluation_data_changed"
    message = Text(
        ko="평가 자료 {path}의 {what}이(가) 고정된 값과 다릅니다: {found} (고정값 {pinned})",
        en="the {what} of the data file {path} is not the pinned one: {found} (pinned: {pinned})",
    )
    hint = Text(
        ko="자료를 되돌리거나, 바뀐 까닭을 확인한 뒤 평가 묶음의 값을 새로 적으십시오. "
        "예전 점수와는 비교할 수 없게 됩니다.",
        en="Put the file back; or make sure why it changed and pin the new value: "
        "old scores then no longer compare.",
    )


class RowUnusable(HanbokError):
    code = "evaluation_row_unusable"
    message = Text(
        ko="평가 자료 {path}의 {row}번째 행을 쓸 수 없습니다: {why}",
        en="row {row} of the data file {path} cannot be used: {why}",
    )
    hint = Text(
        ko="그 행을 고치거나, 과제의 format이 파일에 맞는지 확인하십시오.",
        en="Mend that row, or check that the task's `format` is that of the file.",
    )


class NoRows(HanbokError):
    code = "evaluation_without_rows"
    message = Text(ko="과제 {task!r}에 쓸 행이 없습니다", en="the task {task!r} has no rows")
    hint = Text(ko="과제의 where와 sample을 확인하십시오.", en="Check the task's `where` and `sample`.")


class EndpointGone(HanbokError):
    code = "evaluation_endpoint_gone"
    message = Text(
        ko="{tries}번 시도했지만 엔드포인트가 답하지 않습니다: {why}",
        en="the endpoint does not answer after {tries} tries: {why}",
    )
    hint = Text(
        ko="받은 답은 남아 있습니다. 엔드포인트를 되살린 뒤 같은 명령을 다시 실행하면 이어집니다.",
        en="The answers so far are kept: bring the endpoint back and run the same command again.",
    )


class EndpointRefuses(HanbokError):
    code = "evaluation_endpoint_refuses"
    message = Text(
        ko="엔드포인트가 요청을 거절합니다: {status} {reason}",
        en="the endpoint refuses the requests: {status} {reason}",
    )
    hint = Text(
        ko="주소, 모델 이름, 키(HANBOK_KEY)를 확인하십시오.",
        en="Check the URL, the model's name and the key (HANBOK_KEY).",
    )


class MethodUnfit(HanbokError):
    code = "evaluation_method_unfit"
    message = Text(
        ko="과제 {task!r}에서 이 엔드포인트로는 {method!r} 방법을 쓸 수 없습니다",
        en="the method {method!r} cannot be used on this endpoint for the task {task!r}",
    )
    hint = Text(
        ko="`--method auto`로 두면 쓸 수 있는 방법을 찾습니다.",
        en="`--method auto` finds one that can be used.",
    )


class JudgeMissing(HanbokError):
    code = "judge_missing"
    message = Text(ko="과제 {task!r}에는 채점 모델이 필요합니다", en="the task {task!r} needs a judge")
    hint = Text(
        ko="`--judge`로 채점 모델이나 기록된 판정 파일을 지정하십시오.",
        en="Name a model or a file of recorded verdicts with `--judge`.",
    )


class VerdictMissing(HanbokError):
    code = "verdict_missing"
    message = Text(
        ko="기록된 판정 파일 {path}에 이 질문의 판정이 없습니다 ({digest})",
        en="the recorded verdicts in {path} have none for this question ({digest})",
    )
    hint = Text(
        ko="답이 기록할 때와 다릅니다. 채점 모델로 새로 판정하십시오.",
        en="The answers are not those that were judged: judge them by a model.",
    )


class SubjectMissing(HanbokError):
    code = "evaluation_without_model"
    message = Text(ko="평가할 모델이 없습니다: {why}", en="there is no model to evaluate: {why}")
    hint = Text(
        ko="`--url`과 `--model`로 엔드포인트를, 또는 GGUF 파일을 지정하십시오.",
        en="Name an endpoint with `--url` and `--model`, or a GGUF file.",
    )


class HarnessTaskUnsupported(HanbokError):
    code = "harness_task_unsupported"
    message = Text(
        ko="lm-evaluation-harness 과제 {path}의 {what}은(는) 들여올 수 없습니다",
        en="{what} of the lm-evaluation-harness task {path} cannot be imported",
    )
    hint = Text(
        ko="파이썬 함수 대신 템플릿과 파일로 적은 과제만 들여올 수 있습니다.",
        en="Only tasks written with templates and local files can be, not ones with Python functions.",
    )
