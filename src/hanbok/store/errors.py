"""Errors of the store."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class StoreUnavailable(HanbokError):
    code = "store_unavailable"
    message = Text(ko="데이터베이스를 쓸 수 없습니다: {why}", en="the database cannot be used: {why}")
    hint = Text(
        ko="hanbok.yaml의 store 주소와 데이터베이스의 상태, 파일 권한을 확인하십시오.",
        en="Check the store's URL in hanbok.yaml, the database's health and the file's permissions.",
    )


class StoreBusy(StoreUnavailable):
    """Another process holds the lock for longer than we wait. Nothing was changed."""

    code = "store_busy"
    message = Text(
        ko="데이터베이스가 다른 작업으로 잠겨 있습니다: {why}",
        en="the database is locked by another task: {why}",
    )
    hint = Text(
        ko="잠시 뒤 다시 시도하고, 계속되면 데이터베이스를 열어 둔 프로세스를 찾으십시오.",
        en="Try again in a moment; if it stays, find the process that keeps the database open.",
    )


class StoreFull(StoreUnavailable):
    """There is no space left for the change. Nothing was changed."""

    code = "store_full"
    message = Text(ko="데이터베이스의 디스크가 가득 찼습니다: {why}", en="the database's disk is full: {why}")
    hint = Text(ko="디스크 공간을 비우십시오.", en="Free some disk space.")


class StoreNewer(StoreUnavailable):
    code = "store_newer"
    message = Text(
        ko="데이터베이스 스키마({found})가 이 hanbok({known})보다 새롭습니다",
        en="the database's schema ({found}) is newer than this hanbok ({known})",
    )
    hint = Text(
        ko="hanbok을 올리거나, 올리기 전의 백업을 되살리십시오.",
        en="Upgrade hanbok, or restore the backup from before the upgrade.",
    )


class StoreMoved(StoreUnavailable):
    code = "store_moved"
    message = Text(
        ko="이 데이터베이스의 기록은 다른 데이터베이스로 옮겨졌습니다",
        en="the records of this database were moved to another one",
    )
    hint = Text(
        ko="hanbok.yaml의 store.url을 새 주소로 바꾸고 서버에 SIGHUP을 보내십시오.",
        en="Set store.url in hanbok.yaml to the new address, and send the server a SIGHUP.",
    )


class StoreUnfinished(StoreUnavailable):
    code = "store_unfinished"
    message = Text(
        ko="이 데이터베이스로 기록을 옮기는 일이 끝나지 않았습니다",
        en="moving the records to this database was not finished",
    )
    hint = Text(
        ko="`hanbok store move`를 같은 주소로 다시 실행하십시오. 잃은 것은 없습니다.",
        en="Run `hanbok store move` with the same address again. Nothing is lost.",
    )
