"""One contract for every key provider: what it wraps comes back, for the same use only, until the key is withdrawn."""

import secrets
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Barrier

import pytest
import trustme

from hanbok.core.plugin import load, names
from hanbok.core.secret import Secret
from hanbok.vault.errors import KeyActUnsupported, KeyProviderFailed, KeyRefused
from hanbok.vault.key_provider import FOLDER, KeyProvider, ProviderConfig, Wrapped
from key_services import (
    ACCESS,
    SECRET,
    TOKEN,
    AwsService,
    AzureService,
    KeyService,
    NcpService,
    TransitService,
    served,
)
from vault_hsm import MODULE, SoftHsm, needs_softhsm

DATA = bytes(range(32))
REMOTE = {
    "transit": TransitService,
    "aws_kms": AwsService,
    "ncp_kms": NcpService,
    "azure_key_vault": AzureService,
}
OPTIONS = {"access_key": ACCESS, "client_id": ACCESS, "tenant": "tenant-1"}


@dataclass
class Stand:
    config: ProviderConfig
    provider: KeyProvider
    withdraw: Callable[[], None]
    give_back: Callable[[], None]
    service: KeyService | None = None


def remote(kind: str, folder: Path, stack: ExitStack) -> Stand:
    service = REMOTE[kind]()
    service.keys["k"] = [secrets.token_bytes(32)]
    url = stack.enter_context(served(service))
    secret = Secret(TOKEN if kind == "transit" else SECRET)
    options = OPTIONS | {"authority": url}
    config = ProviderConfig(name="there", kind=kind, url=url, secret=secret, options=options, folder=folder)
    return Stand(
        config,
        load(FOLDER, kind)(config),
        lambda: service.withdrawn.add("k"),
        service.withdrawn.clear,
        service,
    )


@pytest.fixture(
    params=[pytest.param(kind, marks=needs_softhsm if kind == "pkcs11" else ()) for kind in names(FOLDER)]
)
def stand(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    with ExitStack() as stack:
        if request.param in REMOTE:
            yield remote(request.param, tmp_path, stack)
            return
        if request.param == "file":
            config = ProviderConfig(name="here", kind="file", folder=tmp_path / "keys")
            file, away = config.folder / "k.json", tmp_path / "away"
            made = Stand(
                config,
                load(FOLDER, "file")(config),
                lambda: file.rename(away) and None,
                lambda: away.rename(file) and None,
            )
        else:
            hsm = SoftHsm(tmp_path / "hsm")
            monkeypatch.setenv("SOFTHSM2_CONF", hsm.environment["SOFTHSM2_CONF"])
            # A name of its own: the library may still know the tokens of an earlier test.
            token = f"token-{secrets.token_hex(4)}"
            hsm.token(token, "4321")
            options = {"module": MODULE, "token": token}
            config = ProviderConfig(
                name="hsm", kind="pkcs11", secret=Secret("4321"), options=options, folder=tmp_path
            )
            provider = load(FOLDER, "pkcs11")(config)
            made = Stand(config, provider, lambda: hsm.pull(token), lambda: hsm.plug(token))
        made.provider.create("k")
        yield made


def test_what_is_wrapped_comes_back(stand: Stand) -> None:
    wrapped = stand.provider.wrap("k", DATA, "for/this")
    assert DATA not in wrapped.blob
    assert stand.provider.wrap("k", DATA, "for/this").blob != wrapped.blob
    assert stand.provider.unwrap("k", wrapped, "for/this") == DATA


def test_a_wrapping_serves_its_own_use_only(stand: Stand) -> None:
    if stand.config.kind == "azure_key_vault":
        pytest.skip("Azure binds no context: there, the data key's own derivation does")
    wrapped = stand.provider.wrap("k", DATA, "organisation a")
    with pytest.raises(KeyProviderFailed):
        stand.provider.unwrap("k", wrapped, "organisation b")


def test_a_changed_wrapping_is_refused(stand: Stand) -> None:
    wrapped = stand.provider.wrap("k", DATA, "c")
    changed = bytearray(wrapped.blob)
    changed[-5] ^= 1
    with pytest.raises(KeyProviderFailed):
        stand.provider.unwrap("k", replace(wrapped, blob=bytes(changed)), "c")


def test_a_withdrawn_key_is_refused_at_once_and_serves_again_when_it_is_back(stand: Stand) -> None:
    wrapped = stand.provider.wrap("k", DATA, "c")
    stand.withdraw()
    for use in (
        lambda: stand.provider.unwrap("k", wrapped, "c"),
        lambda: stand.provider.wrap("k", DATA, "c"),
        lambda: stand.provider.describe("k"),
    ):
        with pytest.raises(KeyRefused):
            use()
    stand.give_back()
    assert stand.provider.unwrap("k", wrapped, "c") == DATA


def test_a_key_that_nobody_made_is_refused_and_not_made(stand: Stand) -> None:
    for _ in range(2):
        with pytest.raises(KeyRefused):
            stand.provider.wrap("other", DATA, "c")


def test_older_versions_still_unwrap_after_a_rotation(stand: Stand) -> None:
    before = stand.provider.wrap("k", DATA, "c")
    try:
        version = stand.provider.rotate("k")
    except KeyActUnsupported:
        assert stand.service is not None
        stand.service.keys["k"].append(secrets.token_bytes(32))  # its owner does it
        version = ""
    after = stand.provider.wrap("k", DATA, "c")
    assert stand.provider.unwrap("k", before, "c") == stand.provider.unwrap("k", after, "c") == DATA
    assert stand.provider.describe("k").state == "enabled"
    if version and stand.config.kind != "aws_kms":  # AWS tells of no versions
        assert version == after.version != before.version


def test_a_destroyed_key_opens_nothing(stand: Stand) -> None:
    wrapped = stand.provider.wrap("k", DATA, "c")
    if stand.config.kind == "ncp_kms":
        with pytest.raises(KeyActUnsupported):
            stand.provider.destroy("k")
        return
    stand.provider.destroy("k")
    with pytest.raises(KeyRefused):
        stand.provider.unwrap("k", wrapped, "c")


@pytest.mark.parametrize("kind", REMOTE)
def test_wrong_credentials_are_a_refusal_and_silence_is_a_failure(kind: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        made = remote(kind, tmp_path, stack)
        wrong = load(FOLDER, kind)(replace(made.config, secret=Secret("wrong")))
        with pytest.raises(KeyRefused):
            wrong.wrap("k", DATA, "c")
        assert made.service is not None
        made.service.down = True
        with pytest.raises(KeyProviderFailed) as failed:
            made.provider.wrap("k", DATA, "c")
        assert not isinstance(failed.value, KeyRefused)
        made.service.down, made.service.pause = False, 1.0
        hasty = load(FOLDER, kind)(replace(made.config, options={**made.config.options, "timeout": "0.2"}))
        with pytest.raises(KeyProviderFailed, match="TimeoutError"):
            hasty.wrap("k", DATA, "c")


@pytest.mark.parametrize("kind", REMOTE)
@pytest.mark.parametrize("garbled", ["", "=", "A"])
def test_an_answer_without_the_bytes_is_a_failure(kind: str, garbled: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        made = remote(kind, tmp_path, stack)
        wrapped = made.provider.wrap("k", DATA, "c")
        assert made.service is not None
        made.service.garbled = garbled
        with pytest.raises(KeyProviderFailed):
            made.provider.unwrap("k", wrapped, "c")
        if kind != "ncp_kms" or not garbled:  # its blob has no form of its own
            with pytest.raises(KeyProviderFailed):
                made.provider.wrap("k", DATA, "c")


def test_a_server_is_believed_only_with_a_certificate_of_the_authority_named(tmp_path: Path) -> None:
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    service = TransitService()
    service.keys["k"] = [secrets.token_bytes(32)]
    with served(service, tls) as url:
        stranger = ProviderConfig(
            name="there", kind="transit", url=url, secret=Secret(TOKEN), folder=tmp_path
        )
        with pytest.raises(KeyProviderFailed, match="SSLCertVerificationError"):
            load(FOLDER, "transit")(stranger).wrap("k", DATA, "c")
        assert service.requests == []
        known = load(FOLDER, "transit")(replace(stranger, ca=file))
        assert known.unwrap("k", known.wrap("k", DATA, "c"), "c") == DATA


def test_a_token_of_azure_is_fetched_once(tmp_path: Path) -> None:
    with ExitStack() as stack:
        made = remote("azure_key_vault", tmp_path, stack)
        for _ in range(3):
            made.provider.wrap("k", DATA, "c")
        assert isinstance(made.service, AzureService)
        assert made.service.tokens == 1


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    provider = load(FOLDER, "file")(ProviderConfig(name="here", kind="file", folder=tmp_path))
    provider.create("k")
    assert (tmp_path / "k.json").stat().st_mode & 0o777 == 0o600
    (tmp_path / "k.json").chmod(0o644)
    with pytest.raises(KeyRefused, match="chmod 600"):
        provider.wrap("k", DATA, "c")


def test_a_key_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    provider = load(FOLDER, "file")(ProviderConfig(name="here", kind="file", folder=tmp_path / "keys"))
    provider.create("../../evil")
    assert [path.parent for path in tmp_path.rglob("*.json")] == [tmp_path / "keys"]


@needs_softhsm
def test_a_wrong_pin_is_tried_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device locks itself after a few wrong ones."""
    hsm = SoftHsm(tmp_path / "hsm")
    monkeypatch.setenv("SOFTHSM2_CONF", hsm.environment["SOFTHSM2_CONF"])
    hsm.token("pin", "4321")
    options = {"module": MODULE, "token": "pin"}
    config = ProviderConfig(
        name="hsm", kind="pkcs11", secret=Secret("0000"), options=options, folder=tmp_path
    )
    provider = load(FOLDER, "pkcs11")(config)
    with pytest.raises(KeyRefused, match="PinIncorrect"):
        provider.wrap("k", DATA, "c")
    hsm.pull("pin")
    with pytest.raises(KeyRefused, match="PinIncorrect"):  # not NoSuchToken: the device was not asked again
        provider.wrap("k", DATA, "c")


def test_of_many_that_begin_at_once_one_makes_the_key(tmp_path: Path) -> None:
    config = ProviderConfig(name="file", kind="file", folder=tmp_path / "keys")
    providers = [load("hanbok.vault.key_providers", "file")(config) for _ in range(16)]
    start = Barrier(len(providers))

    def begin(provider: KeyProvider) -> bytes:
        start.wait()
        provider.create("bank")
        blob: bytes = provider.wrap("bank", DATA, "x").blob
        return blob

    with ThreadPoolExecutor(len(providers)) as pool:
        wrapped = list(pool.map(begin, providers))
    assert all(providers[0].unwrap("bank", Wrapped(blob=one, version="1"), "x") == DATA for one in wrapped)
