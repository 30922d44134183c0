"""Settings: every slip is told with file and line, and secrets stay hidden."""

import json
from pathlib import Path

import jsonschema
import pytest

from hanbok.core.values import Language, Zone
from hanbok.settings.environment import speaks
from hanbok.settings.reading import SettingsInvalid, load, schema, shown

WHOLE = """\
language: en
server: {port: 0, body_limit_mib: 1}
endpoints:
  abroad:
    kind: openai_compatible
    url: ${BASE:-http://127.0.0.1:1/v1}
    key: ${KEY}
    country: US
    zone: foreign
    operator: Example Inc.
    data_use: {trains: false, retention_days: 30, basis: 개인정보 보호법 제28조의8제1항제3호}
    certificates: [SOC2]
    timeouts: {connect: 1}
    options: {needs_done: "false"}
models:
  gpt:
    targets: [{endpoint: abroad, model: gpt-4o}]
"""


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str | bytes) -> Path:
        file = tmp_path / "hanbok.yaml"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    return write


def test_a_whole_file_becomes_values(write) -> None:
    settings = load(write(WHOLE), {"KEY": "k"}).settings
    config = settings.endpoint_config("abroad")
    assert (config.secret, config.url) == ("k", "http://127.0.0.1:1/v1")
    assert (config.destination.zone, config.destination.data_use.retention_days) == (Zone.FOREIGN, 30)
    assert settings.timeouts("abroad").connect == 1
    assert "'k'" not in repr(config)
    assert "'k'" not in repr(settings)


def test_without_a_file_the_embedded_model_is_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = load(None, {})
    assert loaded.source is None
    assert list(loaded.settings.models) == ["hanbok-mini"]
    assert loaded.settings.language is Language.KO


def test_an_empty_file_means_the_defaults(write) -> None:
    assert list(load(write(""), {}).settings.models) == ["hanbok-mini"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (WHOLE, ":7: endpoints.abroad.key: the environment variable KEY is not set"),
        ("server: {prot: 1}\n", ":1: server.prot: Object contains unknown field `prot`"),
        ("server:\n  port: many\n", ":2: server.port: "),
        ("server:\n  port: 1\n  port: 2\n", ":3: server.port: this name stands here twice"),
        ("a: [\n", ":2: "),
        (b"language: \xff\n", "byte 10 is not UTF-8"),
        ("- 1\n", "Expected `object`, got `array`"),
        ("guard:\n  custom: [{name: A, pattern: '('}]\n", ":2: guard.custom.0: `pattern` is not a regular"),
        ("guard: {custom: [{name: A, pattern: a, like: NONE}]}\n", "`like` must be one of"),
        (
            "models:\n  m:\n    targets: [{endpoint: nowhere, model: x}]\n",
            ":3: models.m.targets.0.endpoint: there is no endpoint 'nowhere'",
        ),
        ("policy:\n  extra:\n    - none.cedar\n", ":3: policy.extra.0: "),
        (WHOLE.replace("zone: foreign", "zone: home").replace("${KEY}", "k"), "an endpoint outside KR"),
    ],
)
def test_a_slip_is_told_with_its_line(write, text: str | bytes, told: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load(write(text), {})
    assert told in str(caught.value)
    assert "hanbok.yaml" in str(caught.value)


def test_a_merged_mapping_may_be_overridden(write) -> None:
    merged = "endpoints:\n  a: &a {kind: openai, zone: home, operator: x}\n  b: {<<: *a, operator: y}\nmodels: {}\n"
    assert load(write(merged), {}).settings.endpoints["b"].operator == "y"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="No such file"):
        load(tmp_path / "none.yaml", {})


def test_the_files_that_the_settings_name_are_read_beside_them(write, tmp_path: Path) -> None:
    (tmp_path / "house.cedar").write_text("// 우리 규칙", encoding="utf-8")
    loaded = load(write("policy:\n  extra: [house.cedar]\n"), {})
    assert loaded.policies == (("house.cedar", "// 우리 규칙"),)


def test_the_environment_names_the_file(write) -> None:
    assert load(None, {"HANBOK_CONFIG": str(write("language: en\n"))}).settings.language is Language.EN


def test_the_schema_accepts_what_the_settings_accept_and_no_more() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    assert validator.is_valid({"language": "ko", "server": {"port": 8700}})
    assert not validator.is_valid({"sever": {}})
    json.dumps(schema())


@pytest.mark.parametrize(
    ("environ", "language"),
    [({}, "ko"), ({"LANG": "en_US.UTF-8"}, "en"), ({"LANG": "C"}, "ko"), ({"HANBOK_LANGUAGE": "en"}, "en")],
)
def test_the_terminal_speaks_korean_unless_told_otherwise(environ: dict[str, str], language: str) -> None:
    assert speaks(environ) == language


def test_a_place_to_count_that_is_none_is_told_with_its_line_and_without_its_password(write) -> None:
    text = "limits:\n  shared:\n    url: ${URL}\n"
    with pytest.raises(SettingsInvalid) as caught:
        load(write(text), {"URL": "http://:hidden@redis"})
    assert "hanbok.yaml:" in str(caught.value)
    assert "redis://" in str(caught.value)
    assert "hidden" not in str(caught.value)
    with pytest.raises(SettingsInvalid, match="authorities"):
        load(write(text + "    authorities: ca.pem\n"), {"URL": "redis://redis"})
    settings = load(write(text), {"URL": "rediss://:hidden@redis"}).settings
    assert "hidden" not in json.dumps(shown(settings), default=str)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("certificate: c.pem", "certificate"),
        ("certificate: c.pem\n    key: k.pem", "certificate"),
        ("password: ${SECRET}", ""),
        ("sentinel_password: ${SECRET}", "redis\\+sentinel"),
    ],
)
def test_what_does_not_go_with_the_address_of_a_place_to_count_is_told_with_its_line(
    write, more: str, told: str
) -> None:
    text, environ = f"limits:\n  shared:\n    url: redis://redis\n    {more}\n", {"SECRET": "hid@/den"}
    if told:
        with pytest.raises(SettingsInvalid, match=f"(?s)hanbok.yaml:[0-9].*{told}") as caught:
            load(write(text), environ)
        assert "hid@/den" not in str(caught.value)
        return
    settings = load(write(text), environ).settings
    assert settings.limits.shared is not None
    assert settings.limits.shared.at().password == "hid@/den"
    assert "hid@/den" not in json.dumps(shown(settings), default=str) + repr(settings.limits.shared.at())
    with pytest.raises(SettingsInvalid, match="already"):
        load(write(text.replace("//redis", "//:x@redis")), environ)
