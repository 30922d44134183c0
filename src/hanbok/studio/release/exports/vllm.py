"""The command by which vLLM serves a release: a merged model, or a base with the adapter."""

import json
import shlex
from typing import Final

from hanbok.studio.release.export import Exported
from hanbok.studio.release.exports.safetensors import FOLDER, Safetensors
from hanbok.studio.release.lora import CONFIG

FILE: Final = "serve-vllm.sh"
_RANKS: Final = (8, 16, 32, 64, 128, 256, 320, 512)
"""vLLM takes only these as `--max-lora-rank`."""
_TEMPLATE: Final = "template.jinja"


class Vllm:
    def write(self, made: Exported) -> str:
        """Write `serve-vllm.sh`, and the folder `hf` that it needs."""
        Safetensors().write(made)
        serving = made.serving
        shared = ["--host", "127.0.0.1", "--chat-template", f"./{_TEMPLATE}"] if serving.template else []
        if serving.template:
            (made.folder / _TEMPLATE).write_text(serving.template, encoding="utf-8")
        if serving.form == "adapter":
            config = json.loads((made.folder / FOLDER / CONFIG).read_text(encoding="utf-8"))
            rank = max([int(config["r"]), *map(int, (config.get("rank_pattern") or {}).values())])
            fitting = next((one for one in _RANKS if one >= rank), _RANKS[-1])
            command = ["vllm", "serve", "BASE_FOLDER", "--enable-lora", "--max-lora-rank", str(fitting)]
            command += ["--lora-modules", f"{serving.name}=./{FOLDER}", *shared]
            said = "# BASE_FOLDER: the base model in Hugging Face's layout.\n"
        else:
            command = ["vllm", "serve", f"./{FOLDER}", "--served-model-name", serving.name, *shared]
            said = ""
        text = (
            f'#!/bin/sh\n# {serving.key}\n{said}cd "$(dirname "$0")" || exit 1\nexec {shlex.join(command)}\n'
        )
        if serving.form == "adapter":
            text = text.replace("BASE_FOLDER --enable", '"${BASE_FOLDER:?}" --enable')
        path = made.folder / FILE
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return FILE
