"""Exports of folders that no recipe made."""

from pathlib import Path

from hanbok.studio.release.adapter_gguf import write_adapter
from hanbok.studio.release.errors import ExportUnsupported
from hanbok.studio.release.export_plan import template_in_folder
from hanbok.studio.release.folder_gguf import write_folder
from hanbok.studio.release.gguf_file import GgufFile
from hanbok.studio.release.lora import CONFIG
from hanbok.studio.release.merged_gguf import write_merged, write_rebased
from hanbok.studio.stage import Progress


def export_folder(
    source: Path, target: Path, *, base: Path | None, form: str, width: str, progress: Progress
) -> int:
    """Write the GGUF of an adapter or model; return how many tensors are new in it. Raises ExportUnsupported,
    ExportMismatch, GgufUnreadable.
    """
    template = template_in_folder(source)
    is_adapter = (source / CONFIG).is_file()
    if base is None:
        if is_adapter or form == "adapter":
            raise ExportUnsupported(what=source.name, why="an adapter needs --base")
        return write_folder(source, target, width=width, template=template, progress=progress)
    below = GgufFile.open(base)
    if not is_adapter:
        return write_rebased(source, below, target, width=width, template=template, progress=progress)
    if form == "adapter":
        return write_adapter(source, below, target, progress)
    return write_merged(source, below, target, width=width, template=template, progress=progress)
