"""A corpus as Croissant 1.0 metadata with its words on responsible use (RAI), for data-set searches and loaders."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

import polars as pl

from hanbok.studio.artifacts import Artifact, Facts
from hanbok.studio.curate.bill import expression
from hanbok.studio.curate.report import rights_of
from hanbok.studio.rows import shards_of

_CONTEXT: Final = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""As Croissant 1.0 prints it: validators compare it."""
_TYPES: Final = {"String": "sc:Text", "Float64": "sc:Float"}


def croissant(corpus: Artifact) -> dict[str, Any]:
    """Return the metadata in JSON-LD."""
    facts = corpus.manifest.facts
    licences = sorted({expression(one["licence"]) for one in rights_of(corpus)})
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": f"hanbok-corpus-{corpus.digest[:12]}",
        "description": f"{facts['out']['rows']} rows, {facts['out']['chars']} characters, made by hanbok from "
        f"{len(facts['sources'])} sources",
        "version": "1.0.0",
        "datePublished": corpus.manifest.made_at[:10],
        "license": licences,
        "url": f"urn:hanbok:corpus:{corpus.digest}",
        "citeAs": f"hanbok corpus {corpus.digest}",
        "rai:dataCollection": "; ".join(_collected(one) for one in facts.get("licences", [])),
        "rai:dataPreprocessingProtocol": [
            f"{one['step']}: {one['in']} -> {one['out']}" for one in facts["steps"]
        ],
        "rai:personalSensitiveInformation": _personal(facts),
        "rai:dataUseCases": f"training of language models ({facts.get('purpose', 'not said')})",
        "distribution": [_file(corpus, name) for name in corpus.manifest.files],
        "recordSet": [_records(shard) for shard in shards_of(corpus)],
    }


def _records(shard: Path) -> dict[str, Any]:
    fields = _fields(shard.name, shard.stem, pl.read_parquet_schema(shard))
    return {"@type": "cr:RecordSet", "@id": shard.stem, "name": shard.stem, "field": fields}


def _collected(one: Facts) -> str:
    right = one["basis"] or one["licence"] or one["by_row"]
    return f"{one['source']} ({right}){', ' + one['fetched'] if one['fetched'] else ''}"


def _personal(facts: Facts) -> list[str]:
    told = facts.get("personal", {})
    if not told.get("checked"):
        return ["not looked for"]
    return [
        f"{part}: {', '.join(f'{kind} {count}' for kind, count in sorted(told[part].items())) or 'none'}"
        for part in ("treated", "left", "topics")
    ] + ([] if told["names"] else ["names and addresses were not looked for"])


def _file(corpus: Artifact, name: str) -> dict[str, Any]:
    held = corpus.manifest.files[name]
    kinds = {".parquet": "application/x-parquet", ".jsonl": "application/jsonlines", ".html": "text/html"}
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{held.size} B",
        "encodingFormat": kinds.get(PurePosixPath(name).suffix, "application/octet-stream"),
        "sha256": held.sha256,
    }


def _fields(file: str, records: str, schema: Mapping[str, pl.DataType]) -> list[dict[str, Any]]:
    return [
        {
            "@type": "cr:Field",
            "@id": f"{records}/{name}",
            "name": name,
            "dataType": _TYPES.get(str(kind), "sc:Integer"),
            "source": {"fileObject": {"@id": file}, "extract": {"column": name}},
        }
        for name, kind in schema.items()
    ]
