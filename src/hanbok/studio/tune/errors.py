"""What can go wrong while a model is tuned. None of it leaves a half-made artifact."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class IdentifiersInData(HanbokError):
    code = "identifiers_in_data"
    message = Text(
        ko="학습 데이터 {rows}행에 고유식별정보가 있습니다({kinds}). 첫 행의 id: {first!r}",
        en="{rows} rows to train on hold unique identifiers ({kinds}); the first one's id: {first!r}",
    )
    hint = Text(
        ko="정제 단계에서 개인정보를 가리거나 그 행을 빼십시오(개인정보 보호법 제24조)",
        en="Mask them or drop the rows while curating (Personal Information Protection Act art. 24)",
    )


class LicenceForbids(HanbokError):
    code = "licence_forbids_training"
    message = Text(
        ko="{what}의 라이선스 {licence!r}이(가) 이 학습을 허락하지 않습니다: {why}",
        en="the licence {licence!r} of {what} forbids this training: {why}",
    )
    hint = Text(
        ko="다른 베이스나 데이터를 쓰거나, 따로 허락을 받았다면 계획의 `licence`에 그 이름을 적으십시오",
        en="Use another base or other data; with a permission of your own name it in the plan's `licence`",
    )


class LicenceUnknown(HanbokError):
    code = "licence_unknown"
    message = Text(ko="베이스의 라이선스를 알 수 없습니다", en="nobody says under which licence the base is")
    hint = Text(
        ko="베이스 계획의 `licence`에 SPDX 이름이나 LicenseRef-이름을 적으십시오",
        en="Write its SPDX id, or a LicenseRef- name, into the base plan's `licence`",
    )


class BaseUnusable(HanbokError):
    code = "base_unusable"
    message = Text(
        ko="베이스 {path}을(를) 열 수 없습니다: {why}", en="the base {path} cannot be opened: {why}"
    )
    hint = Text(
        ko="Hugging Face 폴더, 그 안의 safetensors 파일, 또는 GGUF 파일을 지정하십시오",
        en="Name a folder in Hugging Face's layout, a safetensors file in one, or a GGUF file",
    )


class TemplateUnfit(HanbokError):
    code = "template_unfit"
    message = Text(
        ko="대화 템플릿을 쓸 수 없습니다: {why}",
        en="the chat template cannot be used: {why}",
    )
    hint = Text(
        ko="계획의 `template`에 gemma, chatml, plain 가운데 하나나 Jinja 파일을 지정하십시오",
        en="Set the plan's `template` to gemma, chatml, plain or a Jinja file",
    )


class NothingToLearn(HanbokError):
    code = "nothing_to_learn"
    message = Text(
        ko="{rows}행 가운데 배울 토큰이 있는 행이 없습니다",
        en="of {rows} rows none has a token to learn",
    )
    hint = Text(
        ko="행의 모양이 학습 방법에 맞는지, `length`가 질문보다 긴지 보십시오",
        en="See whether the rows are of the kind that the method reads, and `length` is above that of the questions",
    )


class RowUnreadable(HanbokError):
    code = "row_unreadable"
    message = Text(ko="행 {row!r}을(를) 읽을 수 없습니다: {why}", en="row {row!r} cannot be read: {why}")
    hint = Text(
        ko="행의 열은 hanbok.studio.rows에 적힌 대로여야 합니다",
        en="A row's columns must be those of hanbok.studio.rows",
    )


class LossBroken(HanbokError):
    code = "loss_broken"
    message = Text(
        ko="{step}번째 걸음에서 손실이 수가 아닌 값이 되었습니다",
        en="the loss is no longer a number at step {step}",
    )
    hint = Text(
        ko="`learning_rate`를 낮추거나 `precision: float32`로 다시 하십시오. 그 전의 체크포인트는 남아 있습니다",
        en="Lower `learning_rate` or set `precision: float32`; checkpoints before it are kept",
    )


class MemoryShort(HanbokError):
    code = "memory_short"
    message = Text(
        ko="메모리가 모자랍니다(한 번에 {tokens} 토큰)",
        en="memory is short ({tokens} tokens at once)",
    )
    hint = Text(
        ko="`tokens_at_once`나 `length`를 줄이거나 LoRA로 하십시오",
        en="Lower `tokens_at_once` or `length`, or train by LoRA",
    )


class CheckpointBroken(HanbokError):
    code = "checkpoint_broken"
    message = Text(ko="체크포인트 {path}을(를) 읽을 수 없습니다", en="the checkpoint {path} cannot be read")
    hint = Text(
        ko="그 파일을 지우면 그 앞의 체크포인트나 처음부터 이어집니다",
        en="Remove the file: the run goes on from the one before it, or from the start",
    )


class PlanUnfit(HanbokError):
    code = "tune_plan_unfit"
    message = Text(ko="학습 계획이 맞지 않습니다: {why}", en="the plan does not fit: {why}")
    hint = Text(
        ko="hanbok 문서의 '모델 조정하기'를 보십시오", en="See 'Tune a model' in hanbok's documentation"
    )
