"""Compound files (OLE2, [MS-CFB]): streams in storages, as HWP 5 keeps them.

Read from memory and taken to be hostile: no sector is read twice: loops and streams that share sectors
end in an error, and what is read is never more than the file.
"""

import struct
import sys
from array import array
from collections.abc import Iterator
from typing import Final, TypeAlias

from hanbok.core.values import Text
from hanbok.documents.errors import DocumentTooLarge, DocumentUnreadable

MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER: Final = 512
_LAYOUT: Final = struct.Struct("<HH10xII8xIII")
"""From byte 30: powers of sectors and mini sectors, FAT sectors, directory, mini FAT, its sectors, DIFAT."""
_LISTED: Final = 76
"""Here the first FAT sectors are listed; more are in the DIFAT."""
_NUMBER: Final = 4
_POWERS: Final = ((9, 6), (12, 6))
_SMALL: Final = 4096
"""Streams below this are kept in mini sectors."""
_MARK: Final = 0xFFFFFFFA
"""Sector numbers from here on are marks: end of chain, free..."""
_NOBODY: Final = 0xFFFFFFFF
_ENTRY: Final = struct.Struct("<64sHBxIII36xIQ")
"""Name, its bytes, kind, left, right, child, first sector, size."""
_ENTRIES: Final = 100_000
_STORAGE: Final = 1
_STREAM: Final = 2
_LEVELS: Final = 2
"""Streams of the root and of its storages are known; what lies deeper belongs to embedded objects."""
_ASTRAY: Final = ("맴돌거나 밖을 가리키는 섹터 사슬", "a chain of sectors that loops or leads outside")

_Entry: TypeAlias = tuple[bytes, int, int, int, int, int, int, int]


class Compound:
    """The streams of a compound file, by path without case: `bodytext/section0`."""

    def __init__(self, data: bytes) -> None:
        """Open a file. Raises DocumentUnreadable, DocumentTooLarge."""
        if len(data) < _HEADER or not data.startswith(MAGIC):
            raise _damaged("복합 파일이 아님", "it is no compound file")
        power, mini, fats, directory, mini_fat, mini_fats, difat = _LAYOUT.unpack_from(data, 30)
        if (power, mini) not in _POWERS:
            raise _damaged("문서에 없는 섹터 크기", "sectors of a size that no document has")
        self._data = data
        self._size = 1 << power
        self._mini_size = 1 << mini
        self._read = bytearray(-(-len(data) // self._size) - 1)
        """Which sectors were read."""
        self._fat = self._table(fats, difat)
        entries = _entries(b"".join(self._chain(directory)))
        *_, first, size = entries[0]
        self._mini = b"".join(self._chain(first)) if size else b""
        wanted = -(-len(self._mini) // self._mini_size) * _NUMBER
        self._mini_fat = _numbers(b"".join(self._chain(mini_fat))[:wanted] if mini_fats else b"")
        self._mini_read = bytearray(len(self._mini_fat))
        self._streams = _streams(entries)

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of the streams, without case."""
        return tuple(self._streams)

    def __contains__(self, path: str) -> bool:
        return path.casefold() in self._streams

    def read(self, path: str) -> bytes:
        """Return a stream; each can be read once. Raises DocumentUnreadable."""
        if (found := self._streams.get(path.casefold())) is None:
            raise _damaged("빠진 스트림", "a stream is missing")
        first, size = found
        taken = bytearray()
        for sector in self._chain(first) if size >= _SMALL else self._mini_chain(first):
            taken += sector
            if len(taken) >= size:
                break
        if len(taken) < size:
            raise _damaged("잘린 스트림", "a stream is cut off")
        return bytes(taken[:size])

    def _table(self, fats: int, difat: int) -> "array[int]":
        """Return the FAT: of each sector, the next. Its sectors are listed in the header and in those of the DIFAT."""
        wanted = min(fats, -(-len(self._read) * _NUMBER // self._size))
        listed = _numbers(self._data[_LISTED:_HEADER])
        while len(listed) < wanted:
            listed += _numbers(self._sector(difat))
            difat = listed.pop()
        return _numbers(b"".join(map(self._sector, listed[:wanted])))

    def _sector(self, number: int) -> bytes:
        if number >= len(self._read) or self._read[number]:
            raise _damaged(*_ASTRAY)
        self._read[number] = True
        return self._data[(number + 1) * self._size : (number + 2) * self._size]

    def _chain(self, number: int) -> Iterator[bytes]:
        while number < _MARK:
            yield self._sector(number)
            if number >= len(self._fat):
                raise _damaged(*_ASTRAY)
            number = self._fat[number]

    def _mini_chain(self, number: int) -> Iterator[bytes]:
        while number < _MARK:
            if number >= len(self._mini_fat) or self._mini_read[number]:
                raise _damaged(*_ASTRAY)
            self._mini_read[number] = True
            yield self._mini[number * self._mini_size : (number + 1) * self._mini_size]
            number = self._mini_fat[number]


def _damaged(ko: str, en: str) -> DocumentUnreadable:
    return DocumentUnreadable(
        why=Text(ko=f"손상된 복합 파일입니다({ko})", en=f"a damaged compound file: {en}")
    )


def _numbers(data: bytes) -> "array[int]":
    found = array("I", data[: len(data) // _NUMBER * _NUMBER])
    if sys.byteorder == "big":
        found.byteswap()
    return found


def _entries(directory: bytes) -> list[_Entry]:
    if len(directory) > _ENTRIES * _ENTRY.size:
        raise DocumentTooLarge(
            why=Text(ko=f"스트림이 {_ENTRIES}개를 넘습니다", en=f"more than {_ENTRIES} streams")
        )
    if len(directory) < _ENTRY.size:
        raise _damaged("디렉터리 없음", "it has no directory")
    return list(_ENTRY.iter_unpack(directory[: len(directory) // _ENTRY.size * _ENTRY.size]))


def _streams(entries: list[_Entry]) -> dict[str, tuple[int, int]]:
    """Return first sector and size of each stream. Those of a storage are a binary tree, which may be a long line."""
    found: dict[str, tuple[int, int]] = {}
    seen = bytearray(len(entries))
    todo = [(entries[0][5], "", 1)]
    while todo:
        number, within, level = todo.pop()
        if number == _NOBODY:
            continue
        if number >= len(entries) or seen[number]:
            raise _damaged("맴돌거나 밖을 가리키는 디렉터리", "a directory that loops or leads outside")
        seen[number] = True
        name, length, kind, left, right, child, first, size = entries[number]
        todo += ((left, within, level), (right, within, level))
        path = within + name[: max(length - 2, 0)].decode("utf-16-le", "replace").casefold()
        if kind == _STORAGE and level < _LEVELS:
            todo.append((child, f"{path}/", level + 1))
        elif kind == _STREAM and found.setdefault(path, (first, size & 0xFFFFFFFF)) != (
            first,
            size & 0xFFFFFFFF,
        ):
            raise _damaged("이름이 같은 두 스트림", "two streams of one name")
    return found
