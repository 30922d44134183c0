"""Policy of a running server: explained from its log, tried on its past, changed while it runs, held back from one."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import openai
import pytest

from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import ScriptedModel
from stands import PRICE, SETTINGS

PEOPLE = Identities(seed=20261122)
RRN, PHONE = PEOPLE.rrn(), PEOPLE.mobile()
NO_ABROAD = """@id("ours.no-abroad") @article("내규 제1조") @in_force("2026-01-01")
@reason_ko("나라 밖 모델은 쓰지 않습니다.") @reason_en("Models abroad are not used.")
forbid (principal, action == Action::"send", resource) when { resource.zone == Zone::"foreign" };
"""
CASES = """on = 2026-11-22
[places]
abroad = { zone = "foreign", country = "US" }
home = { zone = "home" }
[[case]]
says = "abroad"
to = "abroad"
deny = { "ours.no-abroad" = "내규 제1조" }
[[case]]
says = "home"
to = "home"
"""


@pytest.fixture
def stands() -> Iterator[tuple[ScriptedModel, ScriptedModel]]:
    with ScriptedModel() as abroad, ScriptedModel() as home:
        yield abroad, home


def settings(stands: tuple[ScriptedModel, ScriptedModel], more: str = "") -> str:
    abroad, home = stands
    return SETTINGS.format(abroad=abroad.url, home=home.url, price=PRICE) + more


def say(server: RunningHanbok, text: str, model: str = "abroad") -> bool:
    """Ask, and tell whether it was let through."""
    with openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0) as client:
        try:
            client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}])
        except openai.PermissionDeniedError:
            return False
        return True


def done(server: RunningHanbok, *words: str, code: int = 0) -> str:
    result = server.run(*words)
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout


def within(seconds: float, what: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def entries(server: RunningHanbok, kind: str) -> list[dict[str, object]]:
    shown = json.loads(done(server, "log", "show", "--start", "0", "-n", "500", "--json"))
    return [one["entry"] for one in shown if one["entry"]["entry"] == kind]


def test_a_policy_is_explained_simulated_put_in_force_and_taken_back(
    stands: tuple[ScriptedModel, ScriptedModel], tmp_path: Path
) -> None:
    with RunningHanbok(tmp_path, settings(stands)) as server:
        assert say(server, "안녕하세요?")
        assert say(server, f"휴대전화 {PHONE}로 안내 문자를 써 주세요.")
        assert not say(server, f"주민등록번호 {RRN} 고객의 자격을 알려 주세요.")
        (refusal,) = entries(server, "refusal")
        told = done(server, "policy", "explain", str(refusal["call"]), code=1)
        assert "개인정보 보호법 제24조의2" in told
        assert "pseudonymised" in told or "가명으로" in told
        assert json.loads(done(server, "policy", "simulate", "--json"))["effects"] == {"same": 3}

        ours = tmp_path / "ours.cedar"
        ours.write_text(NO_ABROAD, "utf-8")
        (tmp_path / "ours.cases.toml").write_text(CASES, "utf-8")
        would = json.loads(done(server, "policy", "simulate", str(ours), "--json", code=1))
        assert would["effects"] == {"same": 1, "refused": 2}
        assert would["by_todays_settings"] == 0
        assert would["policies"] == {"ours.no-abroad": 2}

        done(server, "policy", "propose", str(ours), "--note", "시험")
        assert "+forbid" in done(server, "policy", "diff", "2", code=1)
        assert say(server, "안녕하세요?")
        done(server, "policy", "apply", "2")
        assert within(20, lambda: not say(server, "안녕하세요?"))
        assert say(server, "안녕하세요?", "house")

        ours.write_text(NO_ABROAD.replace("foreign", "home"), "utf-8")
        assert "policy_cases_fail" in server.run("policy", "propose", str(ours)).stderr

        (tmp_path / "empty.cedar").write_text("// nothing\n", "utf-8")
        done(server, "policy", "propose", str(tmp_path / "empty.cedar"))
        done(server, "policy", "apply", "3")
        assert within(20, lambda: say(server, "안녕하세요?"))
        done(server, "policy", "rollback")
        assert within(20, lambda: not say(server, "안녕하세요?"))
        history = json.loads(done(server, "policy", "history", "--json"))
        assert [one["state"] for one in history] == ["in_force", "replaced", "replaced", "in_force"]
        assert within(10, lambda: len(entries(server, "policy_change")) == 4)
        changes = [one for one in entries(server, "policy_change") if one["object"] == "organisation"]
        assert [one.get("before") for one in changes] == ["", *(one["after"] for one in changes[:-1])]
        assert changes[-1]["after"] == changes[0]["after"]
        done(server, "log", "verify")


def test_under_dual_control_a_changed_settings_file_waits_for_a_second_person(
    stands: tuple[ScriptedModel, ScriptedModel], tmp_path: Path
) -> None:
    careful = settings(stands, "roles: {dual_control: true}\n")
    with RunningHanbok(tmp_path, careful) as server:
        assert not say(server, f"주민등록번호 {RRN} 고객입니다.")
        server.stop()
        loose = careful.replace("dual_control: true", "dual_control: false") + "policy: {packs: []}\n"
        server.settings.write_text(loose, "utf-8")
        server.start()
        assert not say(server, f"주민등록번호 {RRN} 고객입니다.")
        (acts,) = [
            one for one in entries(server, "act") if one["verb"] == "settings" and "held" in one["facts"]
        ]
        assert acts["facts"]["policy"]
        server.stop()
        server.settings.write_text(careful + "policy: {packs: []}\n", "utf-8")
        server.start()
        two = {
            name: json.loads(done(server, "person", "add", name, "--role", "admin", "--platform", "--json"))
            for name in ("kim", "lee")
        }
        first = server.key

        def by(name: str, *words: str, code: int = 0) -> str:
            server.key = two[name]["secret"]
            try:
                return done(server, *words, code=code)
            finally:
                server.key = first

        proposed = by("kim", "policy", "propose", "--settings", "--note", "시험")
        approval = next(word for word in proposed.replace("`", " ").split() if word.startswith("approval_"))
        assert "approval_required" in server.run("policy", "apply", "2").stderr
        server.key = two["kim"]["secret"]
        assert "approval_not_independent" in server.run("approval", "approve", approval).stderr
        server.key = first
        by("lee", "approval", "approve", approval)
        by("kim", "policy", "apply", "2", "--approval", approval)
        assert within(20, lambda: say(server, f"주민등록번호 {RRN} 고객입니다."))
        assert within(10, lambda: bool(entries(server, "policy_change")[-1].get("approvers")))
        assert entries(server, "policy_change")[-1]["approvers"] == ["default/lee"]
