"""Reasons that several modules give for a document that cannot be read, and those of the HWP plug-in."""

from typing import Final

from hanbok.core.values import Text

NO_SECTION: Final = Text(ko="구역이 없습니다", en="it has no section")
OLD_HWP: Final = Text(
    ko="2000년 전의 형식(HWP 3 이하)입니다. HWPX로 다시 저장하십시오",
    en="a format of before 2000 (HWP 3 or older); save it as HWPX",
)
NO_HWP: Final = Text(
    ko="한글이 아닌 다른 프로그램의 복합 파일입니다", en="a compound file of another program than 한글"
)
NO_PROPERTIES: Final = Text(
    ko="DocInfo 스트림이 문서 속성으로 시작하지 않습니다",
    en="its stream DocInfo does not begin with the properties of the document",
)
DAMAGED_TEXT: Final = Text(ko="압축된 글의 스트림이 손상되었습니다", en="a damaged stream of compressed text")
CUT_TEXT: Final = Text(ko="압축된 글의 스트림이 잘려 있습니다", en="a stream of compressed text is cut off")


def more_characters(limit: int) -> Text:
    """Say that the text is too large."""
    return Text(ko=f"글이 {limit}자를 넘습니다", en=f"more than {limit} characters of text")


def more_unpacked(limit: int) -> Text:
    """Say that what a file holds packed is too large."""
    return Text(ko=f"압축을 풀면 {limit}바이트를 넘습니다", en=f"more than {limit} bytes when unpacked")


def other_version(version: int, known: int) -> Text:
    """Say that the format is of a version which is not known."""
    return Text(
        ko=f"형식의 버전이 {known}이(가) 아니라 {version}입니다",
        en=f"version {version} of the format instead of {known}",
    )


def protected(by: Text) -> Text:
    """Say what keeps a document locked; its Korean brings its particle along (`암호로`)."""
    return Text(ko=f"{by.ko} 보호되어 있습니다", en=f"it is protected by {by.en}")
