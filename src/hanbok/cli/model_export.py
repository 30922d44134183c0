"""`hanbok model export`: a tuned model or adapter as a file to serve, without a recipe and without a network."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from hanbok.cli.options import Json
from hanbok.cli.output import print_json
from hanbok.cli.progress import watching
from hanbok.cli.words import say
from hanbok.studio.artifacts import sha256
from hanbok.studio.release.exporting import export_folder


def export(
    source: Annotated[
        Path,
        Parameter(
            help=say(
                "PEFT 어댑터나 Hugging Face 모델의 폴더.",
                "Folder of a PEFT adapter or of a Hugging Face model.",
            )
        ),
    ],
    target: Annotated[Path, Parameter(help=say("만들 GGUF 파일.", "The GGUF file to write."))],
    /,
    *,
    base: Annotated[
        Path | None,
        Parameter(
            help=say(
                "기반 모델의 GGUF. 어댑터에는 꼭 있어야 합니다.",
                "The base as GGUF; an adapter cannot do without.",
            )
        ),
    ] = None,
    form: Annotated[
        Literal["adapter", "merged"],
        Parameter(
            help=say("어댑터 그대로, 또는 기반에 합쳐서.", "The adapter as it is, or merged into its base.")
        ),
    ] = "merged",
    width: Annotated[
        Literal["q8_0", "f16", "f32"],
        Parameter(help=say("새로 쓰는 텐서의 너비.", "Width of the tensors written anew.")),
    ] = "q8_0",
    json: Json = False,
) -> None:
    """Write a GGUF. On a base's own file every key, the tokenizer and the template stay byte for byte."""
    with watching() as watcher:
        count = export_folder(source, target, base=base, form=form, width=width, progress=watcher)
    told = {"file": str(target), "tensors": count, "size": target.stat().st_size, "sha256": sha256(target)}
    if json:
        print_json(told)
    else:
        print(say(f"{target} ({told['size']:,}바이트)", f"{target} ({told['size']:,} bytes)"))
