"""Files and jobs of tuning, as the OpenAPI document tells them."""

from hanbok.core.values import Text
from hanbok.http.operation import Operation
from hanbok.studio.jobs.shapes import Checkpoint, Deleted, Event, FileShown, Job, Listed, NewJob

_PERSON = (400, 401, 403, 429)
"""What a person's request may end with, besides what it asks for not being there."""

TUNING: tuple[Operation, ...] = (
    Operation(
        method="get",
        path="/v1/files",
        title=Text(
            ko="파일: 배치의 요청과 결과, 조정에 쓸 데이터", en="Files: of batches, and data to tune with"
        ),
        gives=Listed[FileShown],
        errors=_PERSON,
    ),
    Operation(
        method="post",
        path="/v1/files",
        title=Text(
            ko="파일 올리기(multipart/form-data의 purpose와 file). 조정용 데이터는 고유식별정보가 있으면 거절합니다",
            en="Upload a file (purpose and file, as multipart/form-data); data to tune with hold no unique identifiers",
        ),
        gives=FileShown,
        errors=(*_PERSON, 408, 413),
    ),
    Operation(
        method="get",
        path="/v1/files/{file}",
        title=Text(ko="파일 하나", en="One file"),
        gives=FileShown,
        errors=(*_PERSON, 404),
    ),
    Operation(
        method="delete",
        path="/v1/files/{file}",
        title=Text(ko="파일 지우기", en="Remove a file"),
        gives=Deleted,
        errors=(*_PERSON, 404),
    ),
    Operation(
        method="get",
        path="/v1/files/{file}/content",
        title=Text(ko="파일의 내용", en="What a file holds"),
        media=("application/octet-stream",),
        errors=(*_PERSON, 404),
    ),
    Operation(
        method="get",
        path="/v1/fine_tuning/jobs",
        title=Text(ko="모델을 조정하는 작업", en="Jobs that tune models"),
        gives=Listed[Job],
        errors=_PERSON,
    ),
    Operation(
        method="post",
        path="/v1/fine_tuning/jobs",
        title=Text(ko="조정 작업 시작", en="Begin a job"),
        takes=NewJob,
        gives=Job,
        errors=(*_PERSON, 404, 408, 413, 503),
    ),
    Operation(
        method="get",
        path="/v1/fine_tuning/jobs/{job}",
        title=Text(ko="작업 하나", en="One job"),
        gives=Job,
        errors=(*_PERSON, 404),
    ),
    Operation(
        method="post",
        path="/v1/fine_tuning/jobs/{job}/cancel",
        title=Text(ko="작업 취소", en="Cancel a job"),
        gives=Job,
        errors=(*_PERSON, 404, 409),
    ),
    Operation(
        method="get",
        path="/v1/fine_tuning/jobs/{job}/events",
        title=Text(ko="작업에 있었던 일, 새것부터", en="What happened in a job, the newest first"),
        gives=Listed[Event],
        errors=(*_PERSON, 404),
    ),
    Operation(
        method="get",
        path="/v1/fine_tuning/jobs/{job}/checkpoints",
        title=Text(ko="작업이 남긴 상태", en="States that a job kept"),
        gives=Listed[Checkpoint],
        errors=(*_PERSON, 404),
    ),
)
