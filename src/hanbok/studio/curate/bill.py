"""What a corpus is made of, as an SPDX 3.0.1 bill of materials of its profile for data sets."""

from typing import Any, Final

from hanbok.studio.artifacts import Artifact, Facts
from hanbok.studio.curate.report import rights_of
from hanbok.studio.licences import REFERENCE, licence_of

_SPDX: Final = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
_CONFORMS: Final = ["core", "software", "simpleLicensing", "dataset"]
_CREATION: Final = "_:creation"
_TREATMENTS: Final = {
    "mask": "placeholders by kind",
    "hide": "partial masking",
    "pseudonym": "pseudonyms; unique identifiers masked",
    "drop": "rows removed",
}


def spdx(corpus: Artifact) -> dict[str, Any]:
    """Return the bill of materials as SPDX 3.0.1 in JSON-LD."""
    root = f"urn:hanbok:corpus:{corpus.digest}"
    graph = [*_makers(corpus), _dataset(corpus, root)]
    for name, held in corpus.manifest.files.items():
        graph.append(
            _element("software_File", f"{root}:file:{name}", name=name, verifiedUsing=[_hash(held.sha256)])
        )
    graph.append(
        _link(
            f"{root}:contains",
            root,
            "contains",
            [one["spdxId"] for one in graph if one["type"] == "software_File"],
        )
    )
    graph += _sources(corpus, root)
    elements = [one["spdxId"] for one in graph if "spdxId" in one]
    graph.append(
        _element(
            "SpdxDocument",
            f"{root}:document",
            name="hanbok corpus",
            rootElement=[root],
            element=elements,
            profileConformance=_CONFORMS,
        )
    )
    return {"@context": _SPDX, "@graph": graph}


def _makers(corpus: Artifact) -> list[dict[str, Any]]:
    """Return who made it, and when."""
    tool = "urn:hanbok:tool"
    return [
        {
            "type": "CreationInfo",
            "@id": _CREATION,
            "specVersion": "3.0.1",
            "created": corpus.manifest.made_at[:19] + "Z",
            "createdBy": ["urn:hanbok:agent"],
            "createdUsing": [tool],
        },
        _element("SoftwareAgent", "urn:hanbok:agent", name="hanbok"),
        _element("Tool", tool, name="hanbok corpus build"),
    ]


def _dataset(corpus: Artifact, root: str) -> dict[str, Any]:
    facts = corpus.manifest.facts
    personal = facts.get("personal", {"checked": False})
    return _element(
        "dataset_DatasetPackage",
        root,
        name=f"hanbok corpus {corpus.digest[:12]}",
        software_primaryPurpose="data",
        software_packageVersion=corpus.digest[:12],
        builtTime=corpus.manifest.made_at[:19] + "Z",
        verifiedUsing=[_hash(corpus.digest)],
        dataset_datasetType=["text"],
        dataset_datasetSize=facts["out"]["bytes"],
        dataset_intendedUse=f"training of language models ({facts.get('purpose', 'not said')})",
        dataset_dataCollectionProcess="; ".join(one["source"] for one in facts.get("licences", []))
        or "not said",
        dataset_dataPreprocessing=[
            f"{one['step']}: {one['in']} -> {one['out']} rows" for one in facts["steps"]
        ],
        dataset_anonymizationMethodUsed=[_TREATMENTS[personal["action"]]] if personal.get("checked") else [],
        dataset_hasSensitivePersonalInformation=_sensitive(personal),
        dataset_datasetNoise=", ".join(f"{key}: {rows}" for key, rows in facts["drops"].items())
        or "nothing dropped",
    )


def _sensitive(personal: Facts) -> str:
    """Return `no` only where somebody looked, names too, and nothing is left."""
    if not personal.get("checked"):
        return "noAssertion"
    if personal["left"] or personal["topics"]:
        return "yes"
    return "no" if personal["names"] else "noAssertion"


def _sources(corpus: Artifact, root: str) -> list[dict[str, Any]]:
    """Return the sources as data sets of their own, with their licences; the corpus descends from them."""
    made: list[dict[str, Any]] = []
    for at, one in enumerate(rights_of(corpus)):
        source, licence = f"{root}:source:{at}", f"{root}:licence:{at}"
        made += [
            _element(
                "dataset_DatasetPackage",
                source,
                name=one["source"] or "-",
                software_primaryPurpose="data",
                dataset_datasetType=["text"],
                comment=f"{one['rows']} rows; opt-out: {one['opt_out'] or 'none'}",
            ),
            _element(
                "simplelicensing_LicenseExpression",
                licence,
                simplelicensing_licenseExpression=expression(one["licence"]),
            ),
            _link(f"{licence}:declared", source, "hasDeclaredLicense", [licence]),
            _link(f"{source}:descent", root, "descendantOf", [source]),
        ]
    return made


def expression(licence: str | None) -> str:
    """Return a licence as SPDX writes it: those that are not on its list as LicenseRef."""
    if not licence:
        return "NOASSERTION"
    if licence.startswith("KOGL-"):
        return "LicenseRef-" + licence.replace("+", "-")
    known = licence_of(licence)
    listed = known is not None and not known.id.startswith(REFERENCE)
    return licence if listed or licence.startswith(REFERENCE) else f"{REFERENCE}{_plain(licence)}"


def _plain(licence: str) -> str:
    return "".join(one if one.isascii() and (one.isalnum() or one in "-.") else "-" for one in licence)


def _element(kind: str, spdx_id: str, **values: object) -> dict[str, Any]:
    return {
        "type": kind,
        "spdxId": spdx_id,
        "creationInfo": _CREATION,
        **{key: one for key, one in values.items() if one != []},
    }


def _link(name: str, begin: str, kind: str, ends: list[str]) -> dict[str, Any]:
    return {
        "type": "Relationship",
        "spdxId": name,
        "creationInfo": _CREATION,
        "from": begin,
        "to": ends,
        "relationshipType": kind,
    }


def _hash(digest: str) -> dict[str, str]:
    return {"type": "Hash", "algorithm": "sha256", "hashValue": digest}
