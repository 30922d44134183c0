"""What keeps a document from being read. Each is a DocumentUnreadable; `why` never quotes what the document holds."""

from typing import ClassVar, Final, Self

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text

_UNNAMED: Final = Text(ko="문서", en="the document")


class DocumentUnreadable(HanbokError):
    code: ClassVar[str] = "document_unreadable"
    message = Text(ko="{name}을(를) 읽을 수 없습니다: {why}", en="{name} cannot be read: {why}")
    hint = Text(
        ko="파일이 온전한지, 만든 프로그램에서 열리는지 확인하십시오. 그 프로그램에서 다시 저장하면 읽히기도 합니다.",
        en="Check that the file is whole and opens in the program that made it; saving it there anew may help.",
    )

    def __init__(self, *, why: Text, name: str | Text = _UNNAMED) -> None:
        """Say `why` without quoting the document."""
        self.why = why
        super().__init__(why=why, name=name)

    def of(self, name: str) -> Self:
        """Return this error of the document that its reader knows by this name."""
        return type(self)(why=self.why, name=name)


class DocumentLocked(DocumentUnreadable):
    code = "document_locked"
    message = Text(ko="{name}은(는) 잠겨 있습니다: {why}", en="{name} is locked: {why}")
    hint = Text(
        ko="암호나 DRM, 배포용 제한을 풀어 저장한 파일을 쓰십시오. hanbok은 암호를 묻지도 풀지도 않습니다.",
        en="Use a file saved without password, DRM or distribution lock. hanbok neither asks for nor breaks passwords.",
    )


class DocumentTooLarge(DocumentUnreadable):
    code = "document_too_large"
    message = Text(ko="{name}이(가) 너무 큽니다: {why}", en="{name} is too large: {why}")
    hint = Text(
        ko="문서를 나누십시오. 작은 파일인데도 이 오류가 나면, 풀었을 때 엄청나게 커지도록 만든 파일일 수 있습니다.",
        en="Split the document. A small file with this error may have been made to grow beyond all bounds when opened.",
    )


class DocumentUnknown(DocumentUnreadable):
    code = "document_unknown"
    message = Text(ko="{name}의 형식을 알 수 없습니다: {why}", en="the format of {name} is not known: {why}")
    hint = Text(
        ko="읽을 수 있는 형식은 참조 문서의 documents/formats에 있습니다.",
        en="The formats that can be read are listed under documents/formats in the reference.",
    )
