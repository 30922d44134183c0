"""An OCI image layout (image-spec 1.1) in ModelPack's form, which registries store and KitOps and others read.

https://github.com/modelpack/model-spec: a config of type `application/vnd.cncf.model.config.v1+json`, a layer for each
file. Layers are plain files (`raw`): the weights exist once on a disk that can link them.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hanbok.gateway.llama.gguf_head import MAGIC
from hanbok.studio.artifacts import MANIFEST, sha256
from hanbok.studio.release.export import Exported
from hanbok.studio.release.export_plan import lay

FOLDER: Final = "oci"
_INDEX: Final = "application/vnd.oci.image.index.v1+json"
_IMAGE: Final = "application/vnd.oci.image.manifest.v1+json"
_CONFIG: Final = "application/vnd.cncf.model.config.v1+json"
_ARTIFACT: Final = "application/vnd.cncf.model.manifest.v1+json"
_WEIGHT: Final = "application/vnd.cncf.model.weight.v1.raw"
_WEIGHT_CONFIG: Final = "application/vnd.cncf.model.weight.config.v1.raw"
_DOC: Final = "application/vnd.cncf.model.doc.v1.raw"
_FILEPATH: Final = "org.cncf.model.filepath"


class Oci:
    def write(self, made: Exported) -> str:
        """Write the folder `oci`."""
        layout = made.folder / FOLDER
        blobs = layout / "blobs" / "sha256"
        blobs.mkdir(parents=True, exist_ok=True)
        files = [path for path in sorted(made.folder.iterdir()) if _belongs(path)]
        layers = [_layer(path, blobs) for path in files]
        config = _put(blobs, _config(made, layers), _CONFIG)
        serving = made.serving
        image = {
            "schemaVersion": 2,
            "mediaType": _IMAGE,
            "artifactType": _ARTIFACT,
            "config": config,
            "layers": layers,
            "annotations": {
                "org.opencontainers.image.title": serving.name,
                "org.opencontainers.image.version": serving.version,
                "org.opencontainers.image.licenses": serving.licence,
            },
        }
        manifest = _put(blobs, image, _IMAGE) | {
            "artifactType": _ARTIFACT,
            "annotations": {"org.opencontainers.image.ref.name": serving.version},
        }
        index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [manifest]}
        (layout / "index.json").write_bytes(_spelled(index))
        (layout / "oci-layout").write_bytes(_spelled({"imageLayoutVersion": "1.0.0"}))
        return FOLDER


def _belongs(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and path.name != MANIFEST


def _layer(path: Path, blobs: Path) -> dict[str, Any]:
    digest = sha256(path)
    lay(path, blobs / digest)
    with path.open("rb") as file:
        is_weight = file.read(len(MAGIC)) == MAGIC
    media = _WEIGHT if is_weight else _DOC if path.suffix in {".md", ".html"} else _WEIGHT_CONFIG
    return {
        "mediaType": media,
        "digest": f"sha256:{digest}",
        "size": path.stat().st_size,
        "annotations": {
            _FILEPATH: path.name,
            "org.opencontainers.image.title": path.name,
        },
    }


def _config(made: Exported, layers: list[dict[str, Any]]) -> dict[str, Any]:
    serving = made.serving
    facts = made.inputs["export"].manifest.facts
    return {
        "descriptor": {
            "name": serving.name,
            "version": serving.version,
            "licenses": [serving.licence] if serving.licence else [],
            "title": serving.key,
        },
        "modelfs": {"type": "layers", "diffIds": [one["digest"] for one in layers]},
        "config": {
            "architecture": "transformer",
            "format": "gguf",
            "capabilities": {"inputTypes": ["text"], "outputTypes": ["text"], "languages": ["ko"]},
        }
        | ({"precision": "mixed"} if facts.get("form") != "adapter" else {"precision": "float16"}),
    }


def _put(blobs: Path, value: Mapping[str, Any], media: str) -> dict[str, Any]:
    content = _spelled(value)
    digest = hashlib.sha256(content).hexdigest()
    (blobs / digest).write_bytes(content)
    return {"mediaType": media, "digest": f"sha256:{digest}", "size": len(content)}


def _spelled(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
