"""The process that computes: llama.cpp's HTTP server on a loopback port, in an interpreter of its own.

Reads a Spec from its input, writes Reports to its output, and lives no longer than that input stays open.
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec
import xllamacpp

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.gateway.llama.errors import WeightsUnusable
from hanbok.gateway.llama.weights import bundled, given
from hanbok.gateway.llama.wire import Report, Spec, Stage

_PR_SET_PDEATHSIG = 1
_WARNINGS = 2
_CACHE_MIB = 256
_NOT_LOADED = Text(
    ko="불러올 수 없습니다. 까닭은 model.log에 있습니다", en="it cannot be loaded, model.log says why"
)


def main() -> None:
    """Serve until the input ends."""
    with suppress(AttributeError, OSError):  # Linux only; elsewhere the end of the input must do
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # llama.cpp may print what it likes: the reports go to a descriptor that only we know.
    with os.fdopen(os.dup(1), "wb", buffering=0) as reports:
        os.dup2(2, 1)
        spec = msgspec.json.decode(sys.stdin.buffer.readline(), type=Spec)
        try:
            server = _serve(spec, reports)
        except HanbokError as error:
            facts = {
                name: fact if isinstance(fact, Text) else str(fact) for name, fact in error.facts.items()
            }
            _report(reports, Report(stage=Stage.FAILED, code=error.code, facts=facts))
            sys.exit(1)
        _report(reports, Report(stage=Stage.READY, url=server.listening_address))
        sys.stdin.buffer.read()
        os._exit(0)  # the server's own threads would be waited for


def _serve(spec: Spec, reports: BinaryIO) -> xllamacpp.Server:
    told = -1

    def progress(percent: int) -> None:
        nonlocal told
        if percent // 10 > told:
            told = percent // 10
            _report(reports, Report(stage=Stage.JOINING, percent=percent))

    path = given(Path(spec.path)) if spec.path else bundled(Path(spec.folder), progress)
    _report(reports, Report(stage=Stage.LOADING))
    try:
        return xllamacpp.Server(_parameters(spec, path))
    except RuntimeError as error:
        raise WeightsUnusable(path=path, why=_NOT_LOADED) from error


def _parameters(spec: Spec, path: Path) -> xllamacpp.CommonParams:
    given = xllamacpp.CommonParams()
    given.model.path = str(path)
    given.model_alias = {spec.alias}
    given.hostnames = ["127.0.0.1"]
    given.port = 0
    given.api_keys = [spec.key]
    given.offline = True
    given.ui = False
    given.endpoint_slots = False  # it would show one caller's prompt to another
    given.verbosity = _WARNINGS
    given.n_parallel = spec.slots
    given.n_ctx = spec.context * spec.slots
    given.ctx_shift = False  # an answer that forgets its question is worse than an error
    given.cache_ram_mib = _CACHE_MIB if spec.remember else 0
    given.cpuparams.n_threads = spec.threads
    given.embedding = spec.embeddings
    if spec.embeddings and not spec.path:
        # The bundled weights are no embedding model and name no way of pooling; the API needs one.
        given.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    given.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(one.path, one.scale) for one in spec.adapters]
    _dress(given, spec)
    return given


def _dress(given: xllamacpp.CommonParams, spec: Spec) -> None:
    """Set what stands unless a request says otherwise: see docs/design/embedded.md for what was tried."""
    if spec.template:
        given.chat_template = spec.template
    if spec.stops:
        given.antiprompt = list(spec.stops)
    if spec.temperature is not None:
        given.sampling.temp = spec.temperature
    if spec.min_p is not None:
        given.sampling.min_p = spec.min_p


def _report(reports: BinaryIO, report: Report) -> None:
    reports.write(msgspec.json.encode(report) + b"\n")


if __name__ == "__main__":
    main()
