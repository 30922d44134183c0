"""Documents for distribution (배포용 문서): sections under AES, whose key stands in front of them for every viewer.

본 제품은 한글과컴퓨터의 한글 문서 파일(.hwp) 공개 문서를 참고하여 개발하였습니다.
(Hancom, "한글문서파일형식 배포용문서" revision 1.2.)
"""

import struct
from collections.abc import Iterator
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from hanbok.core.values import Text
from hanbok.documents.errors import DocumentUnreadable
from hanbok.documents.hwp_records import DISTRIBUTE_DOC_DATA, Records

_DATA: Final = 256
_SEED: Final = 4
_KEY: Final = 16
_BLOCK: Final = 16


def unlocked(section: bytes) -> bytes:
    """Return a section of `ViewText` as one of `BodyText` would be. Raises DocumentUnreadable."""
    records = Records(section)
    head = records.now
    if head.tag != DISTRIBUTE_DOC_DATA or len(head.data) != _DATA:
        raise DocumentUnreadable(
            why=Text(
                ko="배포용 문서인데 그것을 여는 데이터가 없습니다",
                en="a document for distribution without the data that opens it",
            )
        )
    if len(records.rest) % _BLOCK:
        raise DocumentUnreadable(
            why=Text(
                ko="배포용 문서의 구역이 온전하지 않습니다",
                en="a section of a document for distribution is not whole",
            )
        )
    stream = _stream(struct.unpack_from("<I", head.data)[0])
    plain = bytes(one ^ next(stream) for one in head.data)
    at = _SEED + (head.data[0] & 0xF)  # the seed itself is not hidden
    decryptor = Cipher(AES(plain[at : at + _KEY]), modes.ECB()).decryptor()  # noqa: S305 - as the format has it
    return decryptor.update(records.rest)


def _stream(seed: int) -> Iterator[int]:
    """Yield what hides the data: bytes in runs of 1 to 16, by the random numbers of Microsoft's C library."""
    while True:
        seed = (seed * 214013 + 2531011) & 0xFFFFFFFF
        byte = seed >> 16 & 0xFF
        seed = (seed * 214013 + 2531011) & 0xFFFFFFFF
        for _ in range((seed >> 16 & 0xF) + 1):
            yield byte
