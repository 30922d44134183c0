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
