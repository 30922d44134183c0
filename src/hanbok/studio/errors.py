"""What can go wrong between a text and a released model."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class ArtifactMissing(HanbokError):
    code = "artifact_missing"
    message = Text(ko="{path}에 산출물이 없습니다", en="there is no artifact at {path}")
    hint = Text(
        ko="경로를 확인하거나, 그 산출물을 만드는 단계를 먼저 실행하십시오",
        en="Check the path, or run the stage that makes it first",
    )


class ArtifactBroken(HanbokError):
    code = "artifact_broken"
    message = Text(
        ko="{path}의 파일 {file!r}이(가) 매니페스트와 다릅니다",
        en="{path}: file {file!r} is not the one of its manifest",
    )
    hint = Text(
        ko="산출물을 지우고 그 단계를 다시 실행하십시오",
        en="Remove the artifact and run its stage again",
    )


class ArtifactUnlike(HanbokError):
    code = "artifact_unlike"
    message = Text(
        ko="{path}은(는) {found} 산출물입니다. {wanted}이(가) 필요합니다",
        en="{path} is a {found}, a {wanted} is needed",
    )
    hint = Text(ko="알맞은 산출물의 폴더를 지정하십시오", en="Name the folder of the right artifact")


class StudioExtraMissing(HanbokError):
    code = "studio_extra_missing"
    message = Text(
        ko="워크숍에 필요한 패키지 {package!r}이(가) 없습니다",
        en="the workshop needs the package {package!r}, which is not installed",
    )
    hint = Text(
        ko="`pip install torch==2.13.0 'hanbok[studio]'`를 실행하십시오. 여러 대로 거르려면 `hanbok[cluster]`도 설치하십시오",
        en="Run `pip install torch==2.13.0 'hanbok[studio]'`; curating on many machines also needs `hanbok[cluster]`",
    )
