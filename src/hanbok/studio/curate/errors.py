"""What can stop a curation. After each of them the same command goes on where it stopped."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class ShardBroken(HanbokError):
    code = "shard_broken"
    message = Text(ko="중간 파일 {path}이(가) 손상되었습니다", en="the file {path} of this run is damaged")
    hint = Text(
        ko="같은 명령을 다시 실행하면 이 파일만 다시 만듭니다. 거듭되면 디스크를 확인하십시오",
        en="Run the same command again: it makes this file anew. Check the disk if it recurs",
    )


class WorkerDied(HanbokError):
    code = "worker_died"
    message = Text(
        ko="작업 프로세스가 강제로 종료되었습니다. 대개 메모리가 모자랄 때 일어납니다",
        en="a worker was killed, most often because memory ran out",
    )
    hint = Text(
        ko="작업자 수나 shard_mb를 줄여 다시 실행하십시오. 끝난 조각은 다시 만들지 않습니다",
        en="Run again with fewer workers or a smaller shard_mb; finished shards are not made again",
    )


class OthersMissing(HanbokError):
    code = "array_waits"
    message = Text(
        ko="배열 작업의 다른 몫이 {seconds}초 안에 끝나지 않았습니다",
        en="the other members of the array did not finish within {seconds} seconds",
    )
    hint = Text(
        ko="다른 작업을 확인하고 같은 명령을 다시 실행하십시오",
        en="Look after the other members, then run the same command again",
    )


class RunnerUnfit(HanbokError):
    code = "runner_unfit"
    message = Text(
        ko="실행기 {runner!r}을(를) 쓸 수 없습니다: {why}", en="runner {runner!r} cannot be used: {why}"
    )
    hint = Text(
        ko="processes, ray, ray://주소:10001, ray:주소:6379, array(--shard i/n) 가운데 고르십시오",
        en="Choose processes, ray, ray://host:10001, ray:host:6379, or array with --shard i/n",
    )


class ColumnsLost(HanbokError):
    code = "columns_lost"
    message = Text(
        ko="단계 {step!r}이(가) 행이나 열을 없앴습니다: {what}",
        en="step {step!r} took rows or columns away: {what}",
    )
    hint = Text(
        ko="단계는 모든 행과 출처 열을 그대로 두고 dropped만 표시해야 합니다",
        en="A step keeps every row and the columns of provenance, and marks `dropped`",
    )


class NothingLeft(HanbokError):
    code = "nothing_left"
    message = Text(
        ko="{rows}건을 읽었으나 남은 글이 없습니다. 가장 많은 까닭: {reason}",
        en="of {rows} rows that were read none is left; most often because of {reason}",
    )
    hint = Text(
        ko="출처의 text 열 이름과 거르는 기준을 확인하십시오",
        en="Check the source's text column and the filters' limits",
    )


class TokenizerUnreadable(HanbokError):
    code = "tokenizer_unreadable"
    message = Text(
        ko="{path}에서 토크나이저를 읽을 수 없습니다: {why}", en="no tokenizer can be read from {path}: {why}"
    )
    hint = Text(
        ko="tokenizer.json, 그 파일이 있는 폴더, 또는 GGUF 파일을 지정하십시오",
        en="Name a tokenizer.json, a folder that holds one, or a GGUF file",
    )
