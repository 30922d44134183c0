"""Errors of batches."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class BatchUnknown(HanbokError):
    code = "batch_unknown"
    message = Text(ko="배치 {batch!r}이(가) 없습니다", en="there is no batch {batch!r}")
    hint = Text(
        ko="`/v1/batches`가 이 키로 만든 배치를 보입니다.", en="`/v1/batches` lists those that this key made."
    )


class BatchOver(HanbokError):
    code = "batch_over"
    message = Text(ko="배치 {batch!r}은(는) 이미 끝났습니다", en="the batch {batch!r} is over")
    hint = Text(ko="새 배치를 만드십시오.", en="Create a new batch.")


class InputFileGone(HanbokError):
    """Told in the batch, not as an answer."""

    code = "input_file_gone"
    message = Text(
        ko="배치의 입력 파일 {file!r}이(가) 배치가 끝나기 전에 삭제되었습니다",
        en="the input file {file!r} was deleted before the batch had ended",
    )
    hint = Text(
        ko="끝난 줄의 결과는 출력 파일에 있습니다. 나머지는 파일을 다시 올려 새 배치로 보내십시오.",
        en="What had ended is in the output file; upload the rest again, for a new batch.",
    )
