"""A SoftHSM of a test's own: tokens in its folder, an administrator's hands on them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/lib/libsofthsm2.so")
MODULE = next((one for one in MODULES if Path(one).exists()), "")
needs_softhsm = pytest.mark.skipif(
    not (MODULE and shutil.which("softhsm2-util")), reason="SoftHSM is not installed: apt install softhsm2"
)


class SoftHsm:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tokens = folder / "tokens"
        self._tokens.mkdir(parents=True)
        self._configuration = folder / "softhsm2.conf"
        self._configuration.write_text(
            f"directories.tokendir = {self._tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        self._directories: dict[str, Path] = {}

    @property
    def environment(self) -> dict[str, str]:
        return {"SOFTHSM2_CONF": str(self._configuration)}

    def token(self, label: str, pin: str) -> None:
        before = set(self._tokens.iterdir())
        subprocess.run(
            [
                "softhsm2-util",
                "--init-token",
                "--free",
                "--label",
                label,
                "--so-pin",
                "87654321",
                "--pin",
                pin,
            ],
            env=os.environ | self.environment,
            check=True,
            capture_output=True,
        )
        self._directories[label] = (set(self._tokens.iterdir()) - before).pop()

    def pull(self, label: str) -> None:
        """Take the token away."""
        self._directories[label].rename(self._folder / f"pulled-{label}")

    def plug(self, label: str) -> None:
        """Put it back."""
        (self._folder / f"pulled-{label}").rename(self._directories[label])
