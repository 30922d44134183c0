"""Errors of the evidence log."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class LogUnavailable(HanbokError):
    """The entry was not made durable. The journal goes on trying: a later append may work."""

    code = "log_unavailable"
    message = Text(ko="증거 로그에 기록할 수 없습니다: {why}", en="the evidence log cannot be written: {why}")
    hint = Text(
        ko="디스크의 빈 공간과 상태, 쓰기 권한을 확인하십시오. 공간이 생기면 재시작하지 않아도 기록이 이어집니다.",
        en="Check the disk's free space, health and permissions. Writing resumes without a restart.",
    )


class LogLocked(HanbokError):
    code = "log_locked"
    message = Text(
        ko="다른 프로세스가 증거 로그 {directory!r}에 기록하고 있습니다",
        en="another process is writing the evidence log {directory!r}",
    )
    hint = Text(
        ko="이미 실행 중인 hanbok을 멈추거나 다른 로그 디렉터리를 쓰십시오.",
        en="Stop the hanbok that is running, or use another log directory.",
    )


class LogBroken(HanbokError):
    """An entry that had been acknowledged is no longer what was written, or is gone."""

    code = "log_broken"
    message = Text(
        ko="증거 로그가 훼손되었습니다: {file}의 {line}번째 줄 ({why})",
        en="the evidence log is damaged: {file} line {line} ({why})",
    )
    hint = Text(
        ko="이 디렉터리를 그대로 보존하고 `hanbok log verify`로 범위를 확인한 뒤, 사본에서 그 파일을 되살리거나 "
        "새 디렉터리에서 로그를 시작하십시오.",
        en="Keep the directory as it is, see the extent with `hanbok log verify`, then restore that file from a "
        "copy or start a log in a new directory.",
    )


class EntryTooLarge(HanbokError):
    """A bundle of entries gives the length of each in 16 bits (C2SP tlog-tiles)."""

    code = "entry_too_large"
    message = Text(
        ko="기록 하나가 {size}바이트로, 한도 65,535바이트를 넘습니다",
        en="an entry has {size} bytes, more than the 65,535 that one may have",
    )
    hint = Text(
        ko="모델의 후보 목적지나 정책 수를 줄이십시오.",
        en="Have fewer places that a model may go to, or fewer policies for each.",
    )


class NotInLog(HanbokError):
    """Asked for something that the log does not have, or has not signed for yet."""

    code = "not_in_log"
    message = Text(ko="증거 로그에 {what}이(가) 없습니다", en="the evidence log has no {what}")
    hint = Text(
        ko="방금 쓴 기록이라면 체크포인트가 서명될 때까지 1초쯤 기다리십시오.",
        en="An entry written just now is covered a second later, when the log has signed its next checkpoint.",
    )


class LogUnproven(HanbokError):
    """A key, checkpoint or proof that was given does not hold."""

    code = "log_unproven"
    message = Text(ko="증명이 서지 않습니다: {why}", en="the proof does not hold: {why}")
    hint = Text(
        ko="파일이 온전한지, 로그의 공개 키(vkey)가 맞는지 확인하십시오.",
        en="Check that the file is complete and that the vkey is the log's.",
    )


class WitnessesMissing(HanbokError):
    """Too few witnesses cosigned the newest checkpoint. The log goes on; it is asked for again."""

    code = "witnesses_missing"
    message = Text(
        ko="증인 {quorum}곳 가운데 {got}곳만 체크포인트에 서명했습니다: {missing}",
        en="{got} of the {quorum} witnesses that are needed cosigned the checkpoint: {missing}",
    )
    hint = Text(
        ko="증인의 주소와 연결, 증인이 이 로그의 공개 키를 아는지 확인하십시오.",
        en="Check the witness's address and connection, and that it knows this log's vkey.",
    )


class LogRolledBack(HanbokError):
    """The log verifies, but somebody outside has seen it longer, or other than it is."""

    code = "log_rolled_back"
    message = Text(
        ko="증거 로그가 되돌려졌습니다: {witness}은(는) 기록 {size}건까지 보았는데 지금 로그와 맞지 않습니다",
        en="the evidence log was rolled back: {witness} saw {size} entries, and this log does not continue them",
    )
    hint = Text(
        ko="이 디렉터리를 그대로 보존하고 가장 새로운 사본을 찾으십시오. 잃은 기록을 받아들이려면 새 "
        "디렉터리에서 로그를 시작하십시오.",
        en="Keep the directory as it is and look for the newest copy. To accept the loss, start a log in a new "
        "directory.",
    )


class MachineTwice(HanbokError):
    """Another server counts as this very machine and is there: one of the two state folders is a copy."""

    code = "machine_twice"
    message = Text(
        ko="다른 서버가 이 서버의 증거 로그를 복사해 쓰고 있습니다",
        en="another server runs with a copy of this server's evidence log",
    )
    hint = Text(
        ko="서버마다 자기만의 상태 폴더가 있어야 합니다. 복사본을 쓰는 서버를 멈추고 빈 폴더로 다시 켜십시오.",
        en="Each server needs a state folder of its own. Stop the one that has the copy; start it with an empty one.",
    )


class OriginTaken(HanbokError):
    """Another log with a key of its own has this origin: another machine's, or the one that was here before."""

    code = "origin_taken"
    message = Text(
        ko="증거 로그 이름(origin) {origin}은(는) 같은 데이터베이스를 쓰는 다른 로그의 것입니다",
        en="{origin} is the origin of another evidence log that is kept with the same database",
    )
    hint = Text(
        ko="로그는 시작할 때의 이름을 끝까지 씁니다. `evidence.origin`을 비우거나 서버마다 다르게 "
        '(`"log.example.kr/${{HOSTNAME}}"`) 고친 뒤 비어 있는 로그 디렉터리로 시작하십시오. 이 서버가 쓰던 로그를 '
        "잃은 것이라면 먼저 그 사본을 찾으십시오.",
        en="A log keeps the name that it was begun with: leave `evidence.origin` empty or make it differ by machine "
        '(`"log.example.kr/${{HOSTNAME}}"`), then start with an empty directory of the log. If this machine lost the '
        "log that it had, look for a copy of that first.",
    )


class LogShortened(HanbokError):
    """The log verifies, but is shorter than the one that the database was kept from."""

    code = "log_shortened"
    message = Text(
        ko="이미 정산한 {index}번 기록이 증거 로그에 없습니다: 끝이 잘렸거나 다른 로그입니다",
        en="entry {index}, which was accounted for, is not in the evidence log: its end was cut off or replaced",
    )
    hint = Text(
        ko="이 디렉터리를 보존하고, 사본에서 로그를 되살리거나 새 디렉터리에서 로그를 시작하십시오.",
        en="Keep the directory, and restore the log from a copy or start a log in a new directory.",
    )
