"""The witness as an HTTP service of its own: `POST /add-checkpoint` (C2SP tlog-witness), and its key at `GET /`."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, cast

from hanbok.evidence.witness import LARGEST, PLAIN, Answer, Witness

_SECONDS: Final = 10.0
_PATH: Final = "/add-checkpoint"


class WitnessServer(ThreadingHTTPServer):
    """Listens at `address`; port 0 takes a free one. To be run by `serve_forever`."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], witness: Witness, key: str) -> None:
        """`key`: the witness's vkey, which anybody may read."""
        super().__init__(address, _Handler)
        self.witness = witness
        self.key = key


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _SECONDS

    def do_GET(self) -> None:
        """Tell the key."""
        self._reply(Answer(200, f"{self._asked.key}\n") if self.path == "/" else Answer(404, "not found\n"))

    def do_POST(self) -> None:
        """Cosign a checkpoint, or say why not."""
        length = self.headers.get("content-length", "")
        if self.path != _PATH:
            self._reply(Answer(404, "not found\n"))
        elif not length.isdigit() or int(length) > LARGEST:
            self._reply(Answer(413 if length.isdigit() else 411, "send a body of at most 64 KiB\n"))
        else:
            self._reply(self._cosigned(self.rfile.read(int(length))))

    @property
    def _asked(self) -> WitnessServer:
        return cast("WitnessServer", self.server)

    def _cosigned(self, body: bytes) -> Answer:
        try:
            return self._asked.witness.add_checkpoint(body)
        except OSError as error:
            self.log_error("the checkpoint was not kept: %s", error)
            return Answer(503, "the checkpoint could not be kept\n")

    def _reply(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("content-type", answer.kind or PLAIN)
        self.send_header("content-length", str(len(body)))
        if answer.status in {411, 413}:  # the rest of the request was not read
            self.send_header("connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of requests that went well."""
