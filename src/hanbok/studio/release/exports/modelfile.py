"""A Modelfile for Ollama, which reads GGUF models and adapters from the folder."""

import json
from typing import Final

from hanbok.gateway.llama.gguf_head import template_in
from hanbok.studio.release.export import Exported

FILE: Final = "Modelfile"


class Modelfile:
    def write(self, made: Exported) -> str:
        """Write `Modelfile`. Ollama's own templates are Go's: it converts none, so a GGUF with its Jinja template is
        used as it is, and an adapter names its base.
        """
        serving = made.serving
        lines = [f"# {serving.key}"]
        if serving.form == "adapter":
            lines += [
                f"# The base is the GGUF with SHA-256 {serving.base}; put its path here.",
                "FROM ./base.gguf",
                f"ADAPTER ./{serving.file}",
            ]
        else:
            lines.append(f"FROM ./{serving.file}")
            if not template_in(made.folder / serving.file):
                lines.append("# The GGUF has no chat template.")
        sampling = serving.sampling
        lines += [f"PARAMETER stop {json.dumps(one, ensure_ascii=False)}" for one in sampling.stops]
        if sampling.temperature is not None:
            lines.append(f"PARAMETER temperature {sampling.temperature}")
        if sampling.min_p is not None:
            lines.append(f"PARAMETER min_p {sampling.min_p}")
        if serving.template:
            lines += ["# Prompts must be written as this Jinja template does:", *_commented(serving.template)]
        licence = made.folder / "NOTICE.md"
        if licence.is_file():
            lines.append('LICENSE """' + licence.read_text(encoding="utf-8").replace('"""', "'''") + '"""')
        (made.folder / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
        return FILE


def _commented(text: str) -> list[str]:
    return [f"#   {line}" for line in text.splitlines()]
