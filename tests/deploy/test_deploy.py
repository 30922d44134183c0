"""What is deployed: the chart renders to what a cluster takes, and its settings are ones that hanbok takes."""

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from hanbok.settings.reading import load

DEPLOY = Path(__file__).parents[2] / "deploy"
CHART = DEPLOY / "helm" / "hanbok"
_HOLE = re.compile(r"\{\{ \.(Values|Release)\.([A-Za-z.]+)( \| (?:toJson|quote))? \}\}")


def rendered() -> list[dict]:
    """Fill in the templates, by helm where it is, else by hand: they hold nothing but values."""
    if shutil.which("helm"):
        done = subprocess.run(["helm", "template", "one", CHART], check=True, capture_output=True, text=True)
        return [one for one in yaml.safe_load_all(done.stdout) if one]
    tree = {
        "Values": yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8")),
        "Release": {"Name": "one"},
    }

    def value(hole: re.Match[str]) -> str:
        found = tree[hole[1]]
        for name in hole[2].split("."):
            found = found[name]
        return json.dumps(found) if hole[3] else str(found)

    found = []
    for template in sorted((CHART / "templates").glob("*.yaml")):
        text = _HOLE.sub(value, template.read_text(encoding="utf-8"))
        assert "{{" not in text, template.name
        found.append(yaml.safe_load(text))
    return found


@pytest.fixture(scope="module")
def things() -> dict[str, dict]:
    return {one["kind"]: one for one in rendered()}


def test_the_chart_holds_a_service_settings_and_pods_that_fit_each_other(things: dict[str, dict]) -> None:
    pods, service = things["StatefulSet"]["spec"], things["Service"]["spec"]
    labels = pods["template"]["metadata"]["labels"]
    assert pods["selector"]["matchLabels"].items() <= labels.items()
    assert service["selector"].items() <= labels.items()
    assert pods["serviceName"] == things["Service"]["metadata"]["name"]
    pod = pods["template"]["spec"]
    (container,) = pod["containers"]
    volumes = {one["name"] for one in pod["volumes"]} | {
        one["metadata"]["name"] for one in pods["volumeClaimTemplates"]
    }
    assert {one["name"] for one in container["volumeMounts"]} == volumes
    assert service["ports"][0]["targetPort"] == container["ports"][0]["name"]


def test_a_pod_runs_as_nobody_special_and_writes_to_its_volumes_only(things: dict[str, dict]) -> None:
    pod = things["StatefulSet"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_the_chart_s_settings_are_hanbok_s_and_a_stop_leaves_time_to_drain(
    things: dict[str, dict], tmp_path: Path
) -> None:
    (tmp_path / "hanbok.yaml").write_text(things["ConfigMap"]["data"]["hanbok.yaml"], encoding="utf-8")
    settings = load(tmp_path / "hanbok.yaml", {}).settings
    pod = things["StatefulSet"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert settings.server.port == container["ports"][0]["containerPort"]
    assert str(settings.state) in {one["mountPath"] for one in container["volumeMounts"]}
    waits = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert waits + settings.server.drain_timeout < pod["terminationGracePeriodSeconds"]


def test_several_pods_share_one_database_and_one_redis_whose_addresses_are_secret(tmp_path: Path) -> None:
    said = yaml.safe_load((CHART / "several.yaml").read_text(encoding="utf-8"))
    assert said.keys() <= yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8")).keys()
    (tmp_path / "hanbok.yaml").write_text(said["settings"], encoding="utf-8")
    environ = {"POSTGRES_URL": "postgresql://hanbok@db/hanbok", "REDIS_URL": "rediss://:secret@redis:6379/0"}
    settings = load(tmp_path / "hanbok.yaml", environ).settings
    assert settings.store_url == environ["POSTGRES_URL"]
    assert settings.limits.shared is not None
    assert settings.limits.shared.at().url == environ["REDIS_URL"]


def test_the_unit_stops_the_parent_alone_and_reloads_by_a_hangup() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # names keep their case
    unit.read(DEPLOY / "systemd" / "hanbok.service", encoding="utf-8")
    service = unit["Service"]
    assert (service["KillMode"], service["ExecReload"]) == ("mixed", "/bin/kill -HUP $MAINPID")
    assert service["ExecStart"].split()[1:] == ["serve", "--config", "/etc/hanbok/hanbok.yaml"]
    assert service["ProtectSystem"] == "strict"
    if shutil.which("systemd-analyze"):
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", DEPLOY / "systemd" / "hanbok.service"],
            capture_output=True,
            text=True,
            check=False,
        )
        # The program itself is not installed here.
        lines = [
            one for one in done.stderr.splitlines() if "hanbok.service" in one and "/opt/hanbok" not in one
        ]
        assert not lines
