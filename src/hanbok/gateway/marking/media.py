"""Marks for pictures, sound and video: a C2PA manifest that says a trained model made them, signed with one's own key.

Extra `media`. Whoever reads C2PA (c2patool, browsers' extensions, Adobe's and other viewers) can check it.
"""

import json
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from io import BytesIO
from types import ModuleType
from typing import Any, Final

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.gateway.marking.text import Unmarkable

MEDIA: Final[Mapping[str, str]] = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".mp4": "video/mp4",
}
_MADE_BY_MODEL: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
CALL: Final = "kr.hanbok.call"
"""The assertion that joins the file to its entry in the evidence log."""


class MediaMarksUnavailable(HanbokError):
    code = "media_marks_unavailable"
    message = Text(ko="C2PA 라이브러리가 없습니다", en="the C2PA library is missing")
    hint = Text(
        ko="`pip install 'hanbok[media]'`로 설치하십시오.", en="Install it: `pip install 'hanbok[media]'`."
    )


class MediaKeysMissing(HanbokError):
    code = "media_keys_missing"
    message = Text(
        ko="C2PA에 서명할 키가 설정되지 않았습니다", en="no keys are set to sign C2PA manifests with"
    )
    hint = Text(
        ko="hanbok.yaml의 marking.media에 인증서와 키를 적으십시오.",
        en="Name certificate and key under marking.media in hanbok.yaml.",
    )


def mark_media(
    content: bytes,
    suffix: str,
    *,
    certificate: str,
    key: str,
    algorithm: str,
    title: str = "",
    model: str = "",
    call: str = "",
) -> bytes:
    """Return the file with its manifest. `certificate` (the chain) and `key` are PEM texts. Raises Unmarkable,
    MediaMarksUnavailable.
    """
    c2pa = _c2pa()
    media = MEDIA.get(suffix)
    if media is None:
        raise Unmarkable(file=suffix, why="form")
    try:
        info = c2pa.C2paSignerInfo(
            alg=algorithm, sign_cert=certificate.encode(), private_key=key.encode(), ta_url=None
        )
        marked = BytesIO()
        with (
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(_manifest(title, model, call, media)) as builder,
        ):
            builder.sign(signer, media, BytesIO(content), marked)
    except c2pa.C2paError as error:
        raise Unmarkable(file=suffix, why=str(error)[:200]) from None
    return marked.getvalue()


def read_marks(content: bytes, suffix: str) -> Any:  # noqa: ANN401 - the manifest store as C2PA defines it
    """Return the manifest store of a file as C2PA's own reader tells it. Raises Unmarkable when there is none."""
    c2pa = _c2pa()
    try:
        with c2pa.Reader(MEDIA.get(suffix, ""), BytesIO(content)) as reader:
            return json.loads(reader.json())
    except c2pa.C2paError as error:
        raise Unmarkable(file=suffix, why=str(error)[:200]) from None


def _manifest(title: str, model: str, call: str, media: str) -> str:
    agent = {"name": "hanbok", "version": version("hanbok")}
    action: dict[str, Any] = {
        "action": "c2pa.created",
        "softwareAgent": agent,
        "digitalSourceType": _MADE_BY_MODEL,
    }
    if model:
        action["parameters"] = {"description": f"model {model}"}
    assertions: list[dict[str, Any]] = [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}]
    if call:
        assertions.append({"label": CALL, "data": {"call": call}})
    return json.dumps(
        {"claim_generator_info": [agent], "title": title, "format": media, "assertions": assertions}
    )


def _c2pa() -> ModuleType:
    if find_spec("c2pa") is None:
        raise MediaMarksUnavailable
    return import_module("c2pa")
