"""Batches, as the OpenAPI document tells them."""

from hanbok.core.values import Text
from hanbok.gateway.batches.shapes import Batch, NewBatch
from hanbok.http.operation import Operation
from hanbok.studio.jobs.shapes import Listed

_KEPT = (400, 401, 410, 503)
"""What asking for something that is kept may end with."""

BATCHES: tuple[Operation, ...] = (
    Operation(
        method="get",
        path="/v1/batches",
        title=Text(ko="이 키로 만든 배치", en="The batches of this key"),
        gives=Listed[Batch],
        errors=_KEPT,
    ),
    Operation(
        method="post",
        path="/v1/batches",
        title=Text(
            ko="배치 시작: 파일의 줄마다 보통 호출과 같은 길을 지납니다",
            en="Begin a batch: each line of the file goes the way of any call",
        ),
        takes=NewBatch,
        gives=Batch,
        errors=(*_KEPT, 404, 408, 413),
    ),
    Operation(
        method="get",
        path="/v1/batches/{batch}",
        title=Text(ko="배치 하나", en="One batch"),
        gives=Batch,
        errors=(*_KEPT, 404),
    ),
    Operation(
        method="post",
        path="/v1/batches/{batch}/cancel",
        title=Text(ko="배치 취소", en="Cancel a batch"),
        gives=Batch,
        errors=(*_KEPT, 404, 409),
    ),
)
