"""The weights in Hugging Face's layout: the PEFT folder of an adapter, or the merged model."""

import json
from pathlib import Path
from typing import Final

from hanbok.studio.artifacts import MANIFEST, Kind
from hanbok.studio.release.errors import ExportUnsupported
from hanbok.studio.release.export import Exported
from hanbok.studio.release.export_plan import lay
from hanbok.studio.release.merged_folder import write_merged_folder

FOLDER: Final = "hf"


class Safetensors:
    def write(self, made: Exported) -> str:
        """Write the folder `hf`: as trained for an adapter, merged for a release that is a model. Raises
        ExportUnsupported.
        """
        target = made.folder / FOLDER
        target.mkdir(exist_ok=True)
        tuned = made.inputs["tuned"]
        if "merged" in made.inputs and made.serving.form == "model":
            _copy(made.inputs["merged"].path, target)
        elif tuned.manifest.kind is Kind.ADAPTER and made.serving.form == "model":
            write_merged_folder(made.inputs["base"].path, tuned.path, target)
        else:
            _copy(tuned.path, target)
        if made.serving.template:
            path = target / "chat_template.jinja"
            path.unlink(missing_ok=True)  # it may be the same file as the model's own
            path.write_text(made.serving.template, encoding="utf-8")
        if not any(target.glob("*.safetensors")):
            raise ExportUnsupported(what=tuned.path.name, why="no safetensors")
        _no_paths(target / "adapter_config.json")
        return FOLDER


def _copy(source: Path, target: Path) -> None:
    for path in sorted(source.iterdir()):
        if path.is_file() and path.name != MANIFEST and not path.name.startswith("."):
            lay(path, target / path.name)


def _no_paths(path: Path) -> None:
    """Take out a folder's place on this machine, which would lead nobody anywhere."""
    if path.is_file():
        config = json.loads(path.read_text(encoding="utf-8"))
        config["base_model_name_or_path"] = Path(str(config.get("base_model_name_or_path", ""))).name
        path.unlink()  # it may be the same file as the adapter's own
        path.write_text(json.dumps(config, indent=1, ensure_ascii=False), encoding="utf-8")
