"""Why a model is not exported, not released or not put in service."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class GgufUnreadable(HanbokError):
    code = "gguf_unreadable"
    message = Text(
        ko="{path}을(를) GGUF로 읽을 수 없습니다: {why}", en="{path} cannot be read as GGUF: {why}"
    )
    hint = Text(ko="온전한 GGUF 파일을 지정하십시오", en="Name a whole GGUF file")


class ExportUnsupported(HanbokError):
    code = "export_unsupported"
    message = Text(ko="{what}은(는) 내보낼 수 없습니다: {why}", en="{what} cannot be exported: {why}")
    hint = Text(
        ko="구조는 gemma3, llama, qwen2를, 어댑터는 LoRA를 지원합니다",
        en="Architectures gemma3, llama and qwen2 are supported, and adapters that are LoRA",
    )


class ExportMismatch(HanbokError):
    code = "export_mismatch"
    message = Text(
        ko="텐서 {tensor!r}이(가) 기반 모델과 맞지 않습니다: {why}",
        en="tensor {tensor!r} does not fit the base model: {why}",
    )
    hint = Text(
        ko="어댑터를 학습한 바로 그 기반 모델의 GGUF를 지정하십시오",
        en="Name the GGUF of the very base model that the adapter was trained on",
    )


class ParityFailed(HanbokError):
    code = "parity_failed"
    message = Text(
        ko="{pair}: {total}개 중 {count}개 행의 답이 다릅니다 (허용 {limit}). 행: {rows}",
        en="{pair}: {count} of {total} rows are answered otherwise (allowed: {limit}); rows: {rows}",
    )
    hint = Text(
        ko="내보낸 모델은 학습한 모델과 다릅니다. 기반 모델, 템플릿, 양자화를 확인하십시오. "
        "그래도 내보내려면 레시피의 parity.waive에 까닭을 적으십시오(매니페스트와 카드에 남습니다)",
        en="The exported model is not the one that was trained: check base, template and quantisation. To release it "
        "all the same, write why into the recipe's parity.waive (it stays in manifest and card)",
    )


class ParityRowsMissing(HanbokError):
    code = "parity_rows_missing"
    message = Text(ko="{path}에 비교할 행이 없습니다: {why}", en="{path} has no rows to compare: {why}")
    hint = Text(
        ko="마지막이 user 메시지이거나 모범 답인 대화(JSONL 또는 말뭉치)를 지정하십시오",
        en="Name dialogues (JSONL or a corpus) that end with a user's message or the expected answer",
    )


class LicenceForbids(HanbokError):
    code = "licence_forbids_release"
    message = Text(
        ko="{what}의 이용허락 {licence!r} 때문에 공개할 수 없습니다: {why}",
        en="the licence {licence!r} of {what} forbids this release: {why}",
    )
    hint = Text(
        ko="그 자료를 빼거나, 권리자의 허락을 받아 recipe의 release.permissions에 근거를 적거나, "
        "purpose를 바꾸십시오",
        en="Leave that data out, write the rights holder's permission into release.permissions, or change `purpose`",
    )


class VersionTaken(HanbokError):
    code = "version_taken"
    message = Text(
        ko="{name}@{version}은(는) 이미 있고 내용이 다릅니다",
        en="{name}@{version} is there already, with other content",
    )
    hint = Text(ko="버전을 올리십시오", en="Raise the version")


class ReleaseUnknown(HanbokError):
    code = "release_unknown"
    message = Text(ko="릴리스 {name!r}이(가) 없습니다", en="there is no release {name!r}")
    hint = Text(ko="있는 것: {known}", en="There are: {known}")


class NothingBefore(HanbokError):
    code = "nothing_before"
    message = Text(ko="{name!r}에는 되돌아갈 버전이 없습니다", en="{name!r} has no version to roll back to")
    hint = Text(ko="`hanbok model list`로 확인하십시오", en="See `hanbok model list`")


class ProbesMissing(HanbokError):
    """A swap of models is graded by probes before it is made."""

    code = "probes_missing"
    message = Text(
        ko="{name}@{version}을(를) 올리기 전에 위험 질문의 결과가 필요합니다",
        en="{name}@{version} is not promoted without a run of the risky probes",
    )
    hint = Text(
        ko="`hanbok probe run --model {name} --out before.json`과 `hanbok probe run --model {name}@{version} "
        "--out after.json`을 돌려 `--before before.json --after after.json`으로 주십시오. "
        "없이 올리려면 --force 까닭 (기록됩니다)",
        en="Run `hanbok probe run --model {name} --out before.json` and the same for {name}@{version} into after.json, "
        "and give `--before before.json --after after.json`. To go without: --force REASON (it is recorded)",
    )


class ChangeTooGreat(HanbokError):
    code = "change_too_great"
    message = Text(
        ko="{name}@{version}: 중대한 변경입니다 ({why})", en="{name}@{version} is a major change ({why})"
    )
    hint = Text(
        ko="--ask 까닭 으로 다른 사람의 승인을 받거나, --force 까닭 으로 올리십시오(기록됩니다)",
        en="Ask for another person's approval with --ask REASON, or go on with --force REASON, which is recorded",
    )


class RegistryNotWritten(HanbokError):
    code = "registry_not_written"
    message = Text(
        ko="모델 등록소 {folder}에 쓰지 못했습니다: {why}",
        en="could not write to the registry {folder}: {why}",
    )
    hint = Text(
        ko="디스크의 자리와 권한을 확인하고 다시 실행하십시오. 반쯤 올라간 것은 없습니다",
        en="Look at the disk's room and rights and run it again; nothing is half released",
    )
