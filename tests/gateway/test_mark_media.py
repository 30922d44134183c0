"""C2PA manifests, made with keys of the test and read by C2PA's own reader."""

import io
import math
import struct
import wave
import zlib
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("c2pa", reason="c2pa-python comes with the extra `media`")
x509 = pytest.importorskip("cryptography.x509")
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: E402

from hanbok.gateway.marking import media  # noqa: E402
from hanbok.gateway.marking.media import CALL, MediaMarksUnavailable, mark_media, read_marks  # noqa: E402
from hanbok.gateway.marking.text import Unmarkable  # noqa: E402

MADE_BY_MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def picture() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([one * 8 % 256, 40, 90] * 16) for one in range(16))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def sound() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        tone = (int(8000 * math.sin(one / 8)) for one in range(4000))
        file.writeframes(b"".join(struct.pack("<h", one) for one in tone))
    return out.getvalue()


def photo() -> bytes:
    """The smallest JPEG: one grey block."""
    tables = "ffdb004300" + "01" * 64
    frame = "ffc0000b080008000801011100"
    codes = "ffc4001400010000000000000000000000000000000000" + "ffc40014100100000000000000000000000000000000"
    return bytes.fromhex("ffd8" + tables + frame + codes + "00" + "ffda0008010100003f00" + "7f" + "ffd9")


def film() -> bytes:
    def box(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", 8 + len(data)) + kind + data

    header = box(b"mvhd", b"\0" * 12 + struct.pack(">II", 1000, 0) + b"\0" * 80)
    return box(b"ftyp", b"isom\0\0\2\0isommp41") + box(b"moov", header) + box(b"mdat", b"\0" * 64)


SAMPLES = {".png": picture(), ".wav": sound(), ".jpg": photo(), ".mp4": film()}


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    """A certificate for signing documents, under an authority of its own."""

    def name(text: str):
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"),
                x509.NameAttribute(NameOID.COMMON_NAME, text),
            ]
        )

    def issue(subject, key, issuer, signer, *, authority: bool):
        start = datetime.now(UTC) - timedelta(days=1)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
            )
            .add_extension(
                x509.KeyUsage(
                    digital_signature=not authority,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    key_cert_sign=authority,
                    crl_sign=authority,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
        )
        if not authority:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
            )
        return builder.sign(signer, hashes.SHA256())

    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = issue(name("Root"), root_key, name("Root"), root_key, authority=True)
    leaf = issue(name("hanbok test"), key, name("Root"), root_key, authority=False)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {
        "certificate": (leaf.public_bytes(pem) + root.public_bytes(pem)).decode(),
        "key": private.decode(),
    }


@pytest.mark.parametrize("suffix", sorted(SAMPLES))
def test_a_marked_file_says_that_a_model_made_it(suffix, keys):
    marked = mark_media(
        SAMPLES[suffix], suffix, **keys, algorithm="es256", title="그림", model="m-1", call="call-12"
    )
    store = read_marks(marked, suffix)
    assert store["validation_state"] in {"Valid", "Trusted"}
    manifest = store["manifests"][store["active_manifest"]]
    assert manifest["claim_generator_info"][0]["name"] == "hanbok"
    assertions = {one["label"]: one["data"] for one in manifest["assertions"]}
    (action,) = assertions["c2pa.actions.v2"]["actions"]
    assert action["digitalSourceType"] == MADE_BY_MODEL
    assert assertions[CALL] == {"call": "call-12"}


def test_a_changed_picture_is_found_out(keys):
    marked = bytearray(mark_media(SAMPLES[".png"], ".png", **keys, algorithm="es256"))
    at = marked.rindex(b"IDAT") + 8
    marked[at] ^= 1
    store = read_marks(bytes(marked), ".png")
    assert store["validation_state"] == "Invalid"


def test_a_file_without_a_mark_has_none():
    with pytest.raises(Unmarkable):
        read_marks(SAMPLES[".png"], ".png")


@pytest.mark.parametrize(("content", "suffix"), [(b"not a picture", ".png"), (SAMPLES[".png"], ".exe")])
def test_what_is_no_media_is_refused(content, suffix, keys):
    with pytest.raises(Unmarkable):
        mark_media(content, suffix, **keys, algorithm="es256")


def test_a_key_that_does_not_fit_is_refused(keys):
    with pytest.raises(Unmarkable):
        mark_media(SAMPLES[".png"], ".png", **keys, algorithm="ed25519")


def test_without_the_extra_it_says_how_to_install_it(monkeypatch, keys):
    monkeypatch.setattr(media, "find_spec", lambda _: None)
    with pytest.raises(MediaMarksUnavailable):
        mark_media(SAMPLES[".png"], ".png", **keys, algorithm="es256")
