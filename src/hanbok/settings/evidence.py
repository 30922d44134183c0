"""`evidence`: the evidence log."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from hanbok.evidence.cosigning import WitnessAt
from hanbok.evidence.journal import Options
from hanbok.evidence.note import Kind, NoteInvalid, VerifierKey
from hanbok.evidence.retention import Retention
from hanbok.settings.section import Count, Section

_MIB = 1024 * 1024


class WitnessSettings(Section, frozen=True, kw_only=True):
    key: Annotated[str, Meta(description="The witness's vkey, as `hanbok log witness` prints it.")]
    url: Annotated[
        str, Meta(pattern="^https?://", description="Address below which it takes `/add-checkpoint`.")
    ]

    def __post_init__(self) -> None:
        """Raise ValueError for a key that is none of a witness."""
        try:
            kind = VerifierKey.parse(self.key).kind
        except NoteInvalid as error:
            raise ValueError(str(error)) from error
        if kind is not Kind.COSIGNATURE:
            raise ValueError("not the key of a witness")


class EvidenceSettings(Section, frozen=True, kw_only=True):
    directory: Annotated[
        Path | None, Meta(description="Folder of the log; none: `evidence` in the state folder.")
    ] = None
    segment_mib: Annotated[
        float, Meta(gt=0, description="A segment of the log is closed at this size, MiB.")
    ] = 64
    origin: Annotated[
        str,
        Meta(
            pattern=r"^[^\s+]*$",
            description="Name of a new log, such as `log.example.kr/hanbok`; empty: one is made up. An existing log "
            "keeps its name.",
        ),
    ] = ""
    commit_ms: Annotated[
        float,
        Meta(ge=0, le=100, description="While several calls wait for the disk, it is asked this often, ms."),
    ] = 4
    checkpoint_ms: Annotated[
        float, Meta(ge=50, le=60_000, description="The log signs a checkpoint at most this often, ms.")
    ] = 1000
    access_years: Annotated[
        Literal[1, 2, 3, 5],
        Meta(
            description="Years that records of calls are kept; 2 with 50,000 data subjects or more, and for telcos. "
            "Calls with unique identifiers or sensitive data are kept 2 years at least, with credit information 3."
        ),
    ] = 2
    witnesses: Annotated[
        tuple[WitnessSettings, ...], Meta(description="Machines that cosign the log's checkpoints.")
    ] = ()
    quorum: Annotated[Count, Meta(description="How many of them must; 0: all.")] = 0
    witness_seconds: Annotated[
        float, Meta(ge=1, description="The witnesses are asked at most this often, seconds.")
    ] = 10

    def options(self) -> Options:
        """Return how the log is kept."""
        return Options(
            segment_bytes=int(self.segment_mib * _MIB),
            pace=self.commit_ms / 1000,
            checkpoint_every=self.checkpoint_ms / 1000,
            origin=self.origin,
            retention=Retention(self.access_years),
        )

    def asked(self) -> tuple[WitnessAt, ...]:
        """Return the witnesses."""
        return tuple(WitnessAt(VerifierKey.parse(one.key), one.url) for one in self.witnesses)

    def needed(self) -> int:
        """Return how many witnesses must cosign."""
        return self.quorum or len(self.witnesses)
