"""Policy files on the command line: read, with the cases that stand beside them."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from hanbok.building import rules_of
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.policy.cases import SUFFIX, Tried, read_cases, try_cases, try_pack
from hanbok.policy.changes import ORGANISATION, Changes
from hanbok.policy.governing import govern
from hanbok.settings.reading import Loaded
from hanbok.store.database import Store


class PolicyFileUnreadable(HanbokError):
    code = "policy_file_unreadable"
    message = Text(
        ko="정책 파일 {file}을(를) 읽을 수 없습니다: {why}", en="the policy file {file} cannot be read: {why}"
    )
    hint = Text(
        ko="UTF-8 텍스트 파일인지, 읽을 권한이 있는지 확인하십시오.",
        en="Check that it is UTF-8 text and that you may read it.",
    )


class PolicyCallUnknown(HanbokError):
    code = "policy_call_unknown"
    message = Text(ko="로그에 호출 {call!r}이(가) 없습니다", en="the log holds no call {call!r}")
    hint = Text(
        ko="`hanbok log show`로 확인하거나 --model과 --found로 요청을 설명하십시오.",
        en="See `hanbok log show`, or describe the request with --model and --found.",
    )


def read_texts(files: Iterable[Path]) -> dict[str, str]:
    """Return the texts by file name. Raises PolicyFileUnreadable."""
    return {str(file): _read(file) for file in files}


def cases_beside(files: Iterable[Path]) -> dict[str, str]:
    """Return the cases that stand beside policy files. Raises PolicyFileUnreadable."""
    named = (file.with_name(file.name.removesuffix(".cedar") + SUFFIX) for file in files)
    return {str(file): _read(file) for file in named if file.exists()}


def texts_of(loaded: Loaded) -> dict[str, str]:
    """Return what governs beside the packs: the settings' files and the organisation's own."""
    store = Store.open(loaded.settings.store_url)
    try:
        return govern(Changes(store), rules_of(loaded)).files
    finally:
        store.close()


def tried_of(loaded: Loaded, files: tuple[Path, ...], packs: tuple[str, ...]) -> Iterator[Tried]:
    """Try the cases of packs, and of these files, or of those in force. Raises PolicyInvalid."""
    for name in packs:
        yield from try_pack(name)
    if files:
        yield from _try(read_texts(files), cases_beside(files), loaded)
        return
    base = (loaded.source or Path()).parent
    beside = cases_beside(base / file for file in loaded.settings.policy.extra)
    store = Store.open(loaded.settings.store_url)
    try:
        own = Changes(store).in_force(ORGANISATION)
    finally:
        store.close()
    yield from _try(texts_of(loaded), beside | (own.rules.cases if own else {}), loaded)


def _try(texts: Mapping[str, str], cases: Mapping[str, str], loaded: Loaded) -> Iterator[Tried]:
    packs = loaded.settings.policy.packs
    for file, text in cases.items():
        read = read_cases(file, text)
        yield from try_cases(
            file, read, texts, () if read.packs else packs, loaded.settings.policy.circumstances
        )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else f"byte {error.start} is not UTF-8"
        raise PolicyFileUnreadable(file=file, why=why) from None
