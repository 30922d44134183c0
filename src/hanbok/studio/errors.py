"""What can go wrong between a text and a released model."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class ArtifactMissing(HanbokError):
    code = "artifact_missing"
    message = Text(ko="{path}에 산출물이 없습니다", en="there is no artifact at {path}")
    hint = Text(
        ko="경로를 확인하거나, 그 산출물을 만드는 단계를 먼저 실행하십시오",
        en="Check the path, or run the stage that makes it first",
    )


class ArtifactBroken(HanbokError):
    code = "artifact_broken"
    message = Text(
        ko="{path}의 파일 {file!r}이(가) 매니페스트와 다릅니다",
        en="{path}: file {file!r} is not the one of its manifest",
    )
    hint = Text(
        ko="산출물을 지우고 그 단계를 다시 실행하십시오",
        en="Remove the artifact and run its stage again",
    )


class ArtifactUnlike(HanbokError):
    code = "artifact_unlike"
    message = Text(
        ko="{path}은(는) {found} 산출물입니다. {wanted}이(가) 필요합니다",
        en="{path} is a {found}, a {wanted} is needed",
    )
    hint = Text(ko="알맞은 산출물의 폴더를 지정하십시오", en="Name the folder of the right artifact")


class StudioExtraMissing(HanbokError):
    code = "studio_extra_missing"
    message = Text(
        ko="워크숍에 필요한 패키지 {package!r}이(가) 없습니다",
        en="the workshop needs the package {package!r}, which is not installed",
    )
    hint = Text(
        ko="`pip install torch==2.13.0 'hanbok[studio]'`로 설치하십시오. "
        "여러 대로 거르려면 `hanbok[cluster]`도 설치합니다",
        en="Run `pip install torch==2.13.0 'hanbok[studio]'`; curating on many machines also needs `hanbok[cluster]`",
    )


class DiskFull(HanbokError):
    code = "studio_disk_full"
    message = Text(
        ko="단계 {stage!r}이(가) {folder}에 쓰다가 디스크가 가득 찼습니다",
        en="the disk was full while the stage {stage!r} wrote to {folder}",
    )
    hint = Text(
        ko="자리를 비우고 같은 명령을 다시 실행하십시오. 이미 만든 것은 다시 만들지 않습니다",
        en="Make room and run the same command again: what is made already is not made again",
    )


class OutOfMemory(HanbokError):
    code = "studio_out_of_memory"
    message = Text(
        ko="단계 {stage!r}에서 메모리가 모자랐습니다({how})",
        en="the stage {stage!r} ran out of memory ({how})",
    )
    hint = Text(
        ko="배치나 조각의 크기, 일꾼 수를 줄이거나 메모리가 더 큰 기계에서 같은 명령을 다시 실행하십시오. "
        "`--dry-run`이 필요한 양을 어림해 보여 줍니다",
        en="Lower the batch, the shards or the workers, or run the same command on a machine with more memory; "
        "`--dry-run` shows an estimate of what is needed",
    )


class StageCrashed(HanbokError):
    code = "stage_crashed"
    message = Text(
        ko="단계 {stage!r}의 프로세스가 {how}(으)로 끝났습니다. 산출물은 만들어지지 않았습니다",
        en="the process of the stage {stage!r} ended with {how}; nothing was made",
    )
    hint = Text(
        ko="위에 찍힌 내용을 보고 고친 뒤 같은 명령을 다시 실행하십시오",
        en="Read what it printed above, mend it, and run the same command again",
    )


class StageUnreadable(HanbokError):
    code = "stage_file_unreadable"
    message = Text(
        ko="단계 {stage!r}이(가) {path}을(를) 읽거나 쓸 수 없습니다: {why}",
        en="the stage {stage!r} cannot read or write {path}: {why}",
    )
    hint = Text(
        ko="파일이 있는지, 권한이 있는지 확인하십시오.",
        en="Check that the file is there and that you may read or write it.",
    )


class WorkspaceLocked(HanbokError):
    code = "workspace_locked"
    message = Text(
        ko="{folder}에서 다른 빌드(프로세스 {process})가 돌고 있습니다",
        en="another build (process {process}) works in {folder}",
    )
    hint = Text(
        ko="그 빌드가 끝나기를 기다리거나 `--workspace`로 다른 폴더를 쓰십시오",
        en="Wait for it to end, or use another folder with `--workspace`",
    )


class StepUnknown(HanbokError):
    code = "step_unknown"
    message = Text(ko="이 레시피에는 {name!r} 단계가 없습니다", en="this recipe has no step {name!r}")
    hint = Text(ko="쓸 수 있는 이름: {known}", en="Known names: {known}")


class StepNotMade(HanbokError):
    code = "step_not_made"
    message = Text(
        ko="{name!r}에 필요한 {missing!r}이(가) 아직 만들어지지 않았습니다",
        en="{name!r} needs {missing!r}, which is not made yet",
    )
    hint = Text(
        ko="`--only` 없이 실행하거나 `--until {missing}`을 먼저 실행하십시오",
        en="Run without `--only`, or with `--until {missing}` first",
    )


class BuildUnproven(HanbokError):
    code = "build_unproven"
    message = Text(
        ko="{folder}은(는) 서명된 빌드와 다릅니다: {why}",
        en="{folder} is not what the signed build says: {why}",
    )
    hint = Text(
        ko="이 폴더를 쓰지 말고, 원래의 빌드에서 다시 받거나 다시 만드십시오",
        en="Do not use this folder: fetch it again from where it was built, or build it again",
    )


class PartEmpty(HanbokError):
    code = "corpus_part_empty"
    message = Text(
        ko="말뭉치의 {rows}행을 나누니 {part!r} 쪽에 아무것도 남지 않았습니다",
        en="of {rows} rows of the corpus none fell to the part {part!r}",
    )
    hint = Text(
        ko="행을 늘리거나 `held_out`의 `share`와 `by`를 고치십시오",
        en="Use more rows, or change `share` and `by` of `held_out`",
    )


class ProvenanceLost(HanbokError):
    code = "provenance_lost"
    message = Text(
        ko="{path}에 출처 열 {columns}이(가) 없습니다",
        en="{path} lacks the columns of provenance {columns}",
    )
    hint = Text(
        ko="출처와 라이선스를 알 수 없는 행으로는 학습하지 않습니다. 그 말뭉치를 만든 단계를 고치십시오",
        en="Nothing is trained on rows of unknown source and licence: mend the stage that made this corpus",
    )


class KeyUnknown(HanbokError):
    code = "builder_key_unknown"
    message = Text(
        ko="{key}에서 빌드의 공개 키를 읽을 수 없습니다: {why}",
        en="no public key of a builder can be read from {key}: {why}",
    )
    hint = Text(
        ko="`--key`로 만든 쪽의 공개 키(builder.vkey)를 지정하십시오. 그 키는 폴더와 다른 길로 받아야 합니다",
        en="Give the builder's public key (builder.vkey) with `--key`; fetch it by another way than the folder",
    )


class NoGain(HanbokError):
    code = "no_gain"
    message = Text(
        ko="조정한 모델이 베이스보다 우연 이상으로 낫지 않습니다: {tasks}",
        en="the tuned model is not better than its base beyond chance: {tasks}",
    )
    hint = Text(
        ko="자료나 학습을 고치거나 남겨 둔 행을 늘리십시오. "
        "그래도 공개하려면 레시피의 gain.waive에 까닭을 적으십시오(매니페스트에 남습니다)",
        en="Mend the data or the training, or hold more rows out. To release it all the same, write why into the "
        "recipe's gain.waive (it stays in the manifest)",
    )
