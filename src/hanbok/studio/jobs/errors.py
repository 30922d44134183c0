"""What can go wrong with fine-tuning jobs and their files."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class FileUnknown(HanbokError):
    code = "file_unknown"
    message = Text(ko="파일 {file!r}이(가) 없습니다", en="there is no file {file!r}")
    hint = Text(ko="`/v1/files`가 있는 파일을 보입니다", en="`/v1/files` lists what is there")


class JobUnknown(HanbokError):
    code = "job_unknown"
    message = Text(ko="작업 {job!r}이(가) 없습니다", en="there is no job {job!r}")
    hint = Text(
        ko="`/v1/fine_tuning/jobs`가 있는 작업을 보입니다", en="`/v1/fine_tuning/jobs` lists what is there"
    )


class FileUnfit(HanbokError):
    code = "file_unfit"
    message = Text(ko="올린 파일을 쓸 수 없습니다: {why}", en="the upload cannot be used: {why}")
    hint = Text(
        ko="multipart/form-data로 `purpose`와 `file`(JSON Lines)을 보내십시오",
        en="Send `purpose` and `file` (JSON Lines) as multipart/form-data",
    )


class JobUnfit(HanbokError):
    code = "job_unfit"
    message = Text(
        ko="작업의 {field!r}을(를) 쓸 수 없습니다: {why}", en="the job's {field!r} cannot be used: {why}"
    )
    hint = Text(ko="문서의 '모델 조정하기'를 보십시오", en="See 'Tune a model' in the documentation")


class JobOver(HanbokError):
    code = "job_over"
    message = Text(ko="작업 {job!r}은(는) 이미 끝났습니다", en="the job {job!r} is over")
    hint = Text(ko="새 작업을 만드십시오", en="Create a new job")


class JobNotOver(HanbokError):
    code = "job_not_over"
    message = Text(
        ko="작업 {job!r}은(는) 모델을 만들지 않았습니다({status})",
        en="the job {job!r} has made no model ({status})",
    )
    hint = Text(ko="성공으로 끝난 작업을 지정하십시오", en="Name a job that has succeeded")


class ProviderRefused(HanbokError):
    code = "tuning_provider_refused"
    message = Text(
        ko="{endpoint}이(가) 거절했습니다: HTTP {status} {reason}",
        en="{endpoint} refused: HTTP {status} {reason}",
    )
    hint = Text(
        ko="키의 권한, 모델 이름, 한도를 확인하십시오",
        en="Check the key's rights, the model's name and the quota",
    )


class ProviderUnreachable(HanbokError):
    code = "tuning_provider_unreachable"
    message = Text(
        ko="{endpoint}에 닿지 못했습니다: {why} ({attempts}번 시도)",
        en="{endpoint} could not be reached: {why} ({attempts} attempts)",
    )
    hint = Text(
        ko="주소와 망을 확인하고 같은 명령을 다시 실행하십시오. 하던 데서 이어집니다",
        en="Check address and network, and run the same command again: it goes on where it was",
    )


class JobFailed(HanbokError):
    code = "tuning_job_failed"
    message = Text(
        ko="{endpoint}의 작업 {job!r}이(가) 실패했습니다: {why}", en="job {job!r} of {endpoint} failed: {why}"
    )
    hint = Text(ko="사건 목록이 까닭을 보입니다", en="Its events tell why")


class EndpointCannotTune(HanbokError):
    code = "endpoint_cannot_tune"
    message = Text(
        ko="{endpoint}({kind})에는 조정 작업을 보낼 수 없습니다",
        en="{endpoint} ({kind}) takes no fine-tuning jobs",
    )
    hint = Text(
        ko="openai, azure, openai_compatible 종류의 엔드포인트를 지정하십시오",
        en="Name an endpoint of kind openai, azure or openai_compatible",
    )


class DeploymentImpossible(HanbokError):
    code = "tuned_model_not_deployed"
    message = Text(
        ko="작업 {job!r}의 모델을 배포할 수 없습니다: {why}",
        en="the model of job {job!r} cannot be deployed: {why}",
    )
    hint = Text(
        ko="끝난 Azure OpenAI 작업을 지정하고, `az account get-access-token --query accessToken -o tsv`의 토큰을 "
        "HANBOK_AZURE_TOKEN에 두십시오",
        en="Name a job of Azure OpenAI that has succeeded, and put the token of "
        "`az account get-access-token --query accessToken -o tsv` into HANBOK_AZURE_TOKEN",
    )


class TuningEndpointUnknown(HanbokError):
    code = "tuning_endpoint_unknown"
    message = Text(
        ko="설정에 {endpoint!r} 엔드포인트가 없습니다", en="the settings name no endpoint {endpoint!r}"
    )
    hint = Text(ko="있는 엔드포인트: {known}", en="There are: {known}")
