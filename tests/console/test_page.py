"""The first page in a real browser, against a real server."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from console.served import Running
from hanbok.testing.korean import Identities
from hanbok.testing.scripted import Asked, Said, Script

pytestmark = pytest.mark.browser

PEOPLE = Identities(seed=20261124)
RRN, PHONE, ACCOUNT = PEOPLE.rrn(), PEOPLE.mobile(), PEOPLE.account("신한은행")
PROMPT = f"고객 휴대전화는 {PHONE}이고 신한은행 계좌번호는 {ACCOUNT}입니다. 안내 문자를 써 주세요."
REFUSED = f"주민등록번호 {RRN} 고객의 대출 자격을 알려 주세요."
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHECKS = (Path(__file__).parent / "accessibility.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian package chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@dataclass
class Visit:
    """One page, and all that it asked for and complained about."""

    page: Page
    origin: str
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.page.fill("#prompt", text)
        expect(self.page.locator("#found")).to_have_attribute("data-state", "done")

    def send(self) -> None:
        self.page.click("#send")
        expect(self.page.locator("#record")).to_have_attribute("data-state", "done", timeout=20_000)

    def texts(self, selector: str) -> list[str]:
        return self.page.locator(selector).all_inner_texts()


Open = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser, running: Running) -> Iterator[Open]:
    """Return a function that opens the page as a visitor with this address and these traits."""
    contexts = []
    visits: list[Visit] = []

    def visit(path: str = "/?lang=ko", *, key: str | None = None, width: int = 1280, **traits: Any) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": 900}, **traits)
        contexts.append(context)
        made = Visit(context.new_page(), running.server.url)
        visits.append(made)
        made.page.set_default_timeout(15_000)

        def asked(request: Request) -> None:
            made.requests.append(request)

        def heard(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                made.complaints.append(message.text)

        made.page.on("request", asked)
        made.page.on("console", heard)
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        secret = running.server.key if key is None else key
        made.page.goto(f"{running.server.url}{path}" + (f"#key={secret}" if secret else ""))
        if secret:
            expect(made.page.locator("#model")).to_be_enabled()
        return made

    yield visit
    secret = running.server.key
    for one in visits:
        for request in one.requests:
            assert request.url.startswith(one.origin + "/"), "a request left the origin"
            assert secret not in request.url
            assert secret not in request.headers.get("referer", "")
    for context in contexts:
        context.close()
    assert secret not in running.server.errors()


def test_a_prompt_goes_the_whole_way(visit: Open, running: Running) -> None:
    here = visit()
    here.write(PROMPT)
    assert here.texts("#mirror mark") == [PHONE, ACCOUNT]
    assert here.texts("#found tbody mark") == [PHONE, ACCOUNT]
    rows = here.texts("#found tbody tr")
    assert "전화번호" in rows[0]
    assert "개인정보 보호법 제15조" in rows[0]
    assert re.search(r"\d+%", rows[0])
    assert "계좌번호" in rows[1]
    assert here.texts("#grade [aria-current] b") == ["S"]
    decision = here.texts("#decision .content")[0]
    for word in (
        "가명으로 바꾸어 보냅니다",
        "abroad",
        "Example Inc.",
        "미국",
        "국외",
        "개인정보 보호법 제28조의8",
    ):
        assert word in decision
    leaving = here.texts("#leaving")[0]
    assert PHONE not in leaving
    assert ACCOUNT not in leaving
    assert re.fullmatch(r"\[전화번호-\d\] ?\[계좌번호-\d\]", " ".join(here.texts("#leaving mark")))
    assert running.abroad.captured == []

    running.abroad.script = Script(chunk=1)
    here.send()
    assert here.texts("#reply") == [PROMPT]
    assert here.texts("#reply mark") == [PHONE, ACCOUNT]
    assert "되돌린 값 2곳" in here.texts("#answer .content")[0]
    assert PHONE not in running.abroad.captured[0].raw.decode()
    assert running.abroad.captured[0].json["messages"][0]["content"] == leaving
    assert here.page.locator("#leaves pre").text_content() == running.abroad.captured[0].body.decode()
    assert [one.get_attribute("data-kind") for one in here.page.locator(".entry").all()] == [
        "intent",
        "outcome",
    ]
    assert [one.get_attribute("data-good") for one in here.page.locator(".checks li").all()] == ["true"] * 3
    assert "hanbok log verify" in here.texts("#record .content")[0]
    digests = here.texts(".entry .digest")
    assert len(digests) == 2
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in digests)
    verified = running.server.run("log", "verify", "--expect", digests[-1], "--json")
    assert json.loads(verified.stdout)["ok"] is True
    assert here.complaints == []


def test_what_must_not_leave_is_refused_with_the_article_and_the_refusal_is_on_record(
    visit: Open, running: Running
) -> None:
    here = visit()
    here.write(REFUSED)
    expect(here.page.locator("#decision")).to_have_attribute("data-state", "bad")
    decision = here.texts("#decision .content")[0]
    assert "보내지 않습니다" in decision
    assert "개인정보 보호법 제24조의2" in decision
    assert here.texts("#leaves .content") == ["아무것도 나가지 않습니다."]
    assert here.complaints == []
    here.send()
    assert here.page.locator(".entry").get_attribute("data-kind") == "refusal"
    assert [one.get_attribute("data-good") for one in here.page.locator(".checks li").all()] == ["true"] * 2
    assert "거절을 기록했습니다" in here.texts("#answer .content")[0]
    assert running.abroad.captured == []
    # The browser itself notes the refused request; nothing else is amiss.
    assert ["403" in one for one in here.complaints] == [True]


def test_a_model_at_home_answers_where_policy_says_so(visit: Open, running: Running) -> None:
    running.home.script = Script(say="집에서 답합니다.")
    here = visit()
    here.page.select_option("#model", "careful")
    here.write(REFUSED)
    decision = here.texts("#decision .content")[0]
    assert "조직 안" in decision
    assert "처음 고른 곳이 막힌 까닭" in decision
    here.send()
    assert here.texts("#reply") == ["집에서 답합니다."]
    assert running.abroad.captured == []


def test_english_by_switch_and_the_key_stays(visit: Open) -> None:
    here = visit()
    here.page.click("nav a[hreflang=en]")
    expect(here.page.locator("#model")).to_be_enabled()
    assert here.page.evaluate("document.documentElement.lang") == "en"
    assert here.texts("h1") == ["See what leaves for the model, before it leaves."]
    here.write(PROMPT)
    assert "Telephone number" in here.texts("#found tbody tr")[0]
    assert "abroad" in here.texts("#decision .content")[0]
    assert "United States" in here.texts("#decision .content")[0]
    here.send()
    assert "2 values restored" in here.texts("#answer .content")[0]
    # All but laws, placeholders and the prompt is English.
    korean = here.page.evaluate("""() => [...document.querySelectorAll("main *")].filter((one) =>
      [...one.childNodes].some((node) => node.nodeType === 3 && /[가-힣]/.test(node.data))
      && !one.closest("[lang=ko], mark, .letter, .paper, pre, small")).map((one) => one.textContent)""")
    assert korean == []
    assert here.complaints == []


def test_the_key_leaves_the_address_bar_and_nothing_keeps_it_but_the_tab(
    visit: Open, running: Running
) -> None:
    here = visit()
    assert here.page.url == f"{running.server.url}/?lang=ko"
    assert here.page.evaluate("sessionStorage.getItem('hanbok.key')") == running.server.key
    assert here.page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    assert running.server.key not in here.page.content()
    assert running.server.key not in running.server.run("log", "show", "--limit", "500", "--json").stdout


def test_without_a_key_it_asks_for_one(visit: Open, running: Running) -> None:
    here = visit(key="")
    expect(here.page.locator("#key")).to_be_focused()
    assert here.page.locator("#send").is_disabled()
    here.page.fill("#key", "hb-wrong")
    here.page.keyboard.press("Enter")
    expect(here.page.locator("#key-problem")).to_contain_text("알 수 없는 API 키입니다")
    here.page.fill("#key", running.server.key)
    here.page.keyboard.press("Enter")
    expect(here.page.locator("#model")).to_be_enabled()
    assert here.page.locator("#key-form").is_hidden()
    assert here.page.input_value("#key") == ""


def test_all_works_by_keyboard(visit: Open) -> None:
    here = visit()
    keys = here.page.keyboard
    keys.press("Tab")
    assert here.page.evaluate("document.activeElement.className") == "skip"
    keys.press("Enter")
    assert here.page.evaluate("document.activeElement.id") == "prompt"
    keys.insert_text(PROMPT)
    expect(here.page.locator("#found")).to_have_attribute("data-state", "done")
    expect(here.page.locator("#summary")).to_contain_text("2건을 찾았습니다")
    keys.press("Control+Enter")
    expect(here.page.locator("#record")).to_have_attribute("data-state", "done", timeout=20_000)
    assert here.texts("#reply") == [PROMPT]


def test_an_answer_can_be_stopped_and_the_record_says_so(visit: Open, running: Running) -> None:
    running.abroad.script = Script(say="가나다라" * 200, chunk=2, pace=0.05)
    here = visit()
    here.write("긴 글을 써 주세요.")
    here.page.click("#send")
    expect(here.page.locator("#reply")).to_contain_text("가나다라")
    here.page.click("#stop")
    expect(here.page.locator("#record")).to_have_attribute("data-state", "done", timeout=20_000)
    assert "멈추었습니다" in here.texts("#answer .content")[0]
    assert "멈춤" in here.texts(".entry[data-kind=outcome]")[0]
    assert len(running.abroad.cancelled) == 1
    assert here.page.locator("#send").is_enabled()


def test_an_answer_that_breaks_off_does_not_look_whole(visit: Open, running: Running) -> None:
    running.abroad.script = Script(say="가나다라" * 200, error_after=150)
    here = visit()
    here.write("안녕하세요")
    here.page.click("#send")
    expect(here.page.locator("#answer")).to_have_attribute("data-state", "bad", timeout=20_000)
    assert here.texts("#reply")[0].startswith("가나다라")
    assert "답이 끝났습니다" not in here.texts("#answer .content")[0]
    expect(here.page.locator("#record")).to_have_attribute("data-state", "done", timeout=20_000)
    assert "끊김" in here.texts(".entry[data-kind=outcome]")[0]


def test_markup_in_prompts_and_answers_stays_text(visit: Open, running: Running) -> None:
    attack = f'<img src=x onerror="window.hit=1"><script>window.hit=1</script> 휴대전화 {PHONE} 😀 & 끝'
    here = visit()
    here.write(attack)
    assert here.texts("#mirror mark") == [PHONE]
    here.send()
    assert here.texts("#reply") == [attack]
    assert here.page.evaluate("window.hit") is None
    assert here.page.locator("main img, main script").count() == 0
    with pytest.raises(Exception, match="TrustedHTML"):
        here.page.evaluate("document.body.innerHTML = '<b>x</b>'")


def test_marks_follow_the_text_while_it_is_written(visit: Open) -> None:
    here = visit()
    here.write(f"휴대전화 {PHONE}")
    expect(here.page.locator("#mirror mark")).to_have_count(1)
    here.page.fill("#prompt", "전화 없는 글")
    expect(here.page.locator("#mirror mark")).to_have_count(0)
    expect(here.page.locator("#summary")).to_have_text("개인정보와 비밀을 찾지 못했습니다.")
    here.page.fill("#prompt", "")
    expect(here.page.locator("#found")).to_have_attribute("data-state", "idle")
    lines = PROMPT + "\n\n  " + "긴 줄 " * 60 + PHONE + "\n"
    here.write(lines)
    expect(here.page.locator("#mirror mark")).to_have_count(3)
    sizes = here.page.evaluate("['mirror', 'prompt'].map((id) => document.getElementById(id).scrollHeight)")
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("prompt", [PROMPT, REFUSED], ids=["sent", "refused"])
def test_it_can_be_read_by_everyone_in_light_and_dark(
    visit: Open, running: Running, scheme: str, prompt: str
) -> None:
    running.abroad.script = Script(say=_notice)
    here = visit(color_scheme=scheme, reduced_motion="reduce")
    dark = (
        here.page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(18, 22, 27)"
    )
    assert dark is (scheme == "dark")
    assert here.page.evaluate(CHECKS) == []
    here.write(prompt)
    here.send()
    here.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    here.page.wait_for_timeout(400)
    assert here.page.evaluate(CHECKS) == []


def _notice(asked: Asked) -> Said:
    return Said(text=f"알립니다: {asked.text}")


@pytest.mark.parametrize("width", [320, 390, 768])
def test_it_fits_narrow_screens(visit: Open, width: int) -> None:
    here = visit(width=width)
    here.write(PROMPT)
    here.send()
    expect(here.page.locator("#reply")).to_be_in_viewport()
    here.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert here.page.evaluate("document.documentElement.scrollWidth") <= width
