"""Who answers: what cannot be is told with its place, before anything runs; and what nobody asks for is not loaded."""

import subprocess
import sys

import pytest

from hanbok.building import catalogue_of
from hanbok.core.clock import today
from hanbok.core.values import Grade
from hanbok.gateway.price import ModelUnpriced
from hanbok.settings.reading import SettingsInvalid, load

PLACES = """\
endpoints:
  near: {kind: openai_compatible, url: "http://127.0.0.1:1/v1", zone: home, operator: self}
  cloud: {kind: openai_compatible, url: "https://k.example/v1", zone: domestic, operator: K}
  far: {kind: openai_compatible, url: "https://f.example/v1", zone: foreign, country: US, operator: F}
models:
  near: {targets: [{endpoint: near, model: n}], price: {input: 1000, output: 1000, as_of: 2026-11-01}}
  far: {targets: [{endpoint: far, model: f}], price: {input: 1000, output: 1000, as_of: 2026-11-01}}
  odd: {targets: [{endpoint: near, model: nobody-knows-it}]}
"""
TWO = "targets: [{endpoint: near, model: s}, {endpoint: far, model: b, group: big}]"
PRICE = "price: {input: 1000, output: 2000, as_of: 2026-11-01}"

SLIPS = {
    "an embedder abroad": ("cache: {embedder: {endpoint: far, model: e}}", "zone `home`"),
    "an embedder in a cloud": ("cache: {embedder: {endpoint: cloud, model: e}}", "zone `home`"),
    "an embedder nowhere": ("cache: {embedder: {endpoint: gone, model: e}}", "no endpoint 'gone'"),
    "like questions without one": (f"  m: {{{TWO}, cache: {{similar: {{seconds: 1}}}}}}", "cache.embedder"),
    "a threshold above one": (f"  m: {{{TWO}, cache: {{similar: {{threshold: 1.1}}}}}}", "<= 1"),
    "no such group": (f"  m: {{{TWO}, escalation: {{to: huge}}}}", "group 'huge'"),
    "nobody answers first": (
        "  m: {targets: [{endpoint: near, model: b, group: big}], escalation: {to: big}}",
        "no target is left",
    ),
    "a judge abroad": (f"  m: {{{TWO}, escalation: {{to: big, judge: {{model: far}}}}}}", "zone `foreign`"),
    "a judge that judges itself": (
        f"  m: {{{TWO}, escalation: {{to: big, judge: {{model: m}}}}}}",
        "no other model",
    ),
    "an unknown verdict": (f"  m: {{{TWO}, escalation: {{to: big, unjudged: maybe}}}}", "maybe"),
    "a shadow of nothing": (
        f"  m: {{{TWO}, shadow: {{model: gone, percent: 1, keys: [k]}}}}",
        "no other model",
    ),
    "its own shadow": (f"  m: {{{TWO}, shadow: {{model: m, percent: 1, keys: [k]}}}}", "no other model"),
    "a shadow that nobody pays": (
        f"  m: {{{TWO}, shadow: {{model: near, percent: 1, keys: []}}}}",
        "length >= 1",
    ),
    "a shadow of more than all": (
        f"  m: {{{TWO}, shadow: {{model: near, percent: 101, keys: [k]}}}}",
        "<= 100",
    ),
    "a front in hanbok's own place": ("plugins: {fronts: {/v1/chat/completions: mine}}", "fronts"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_told_with_its_place(tmp_path, slip):
    text, told = SLIPS[slip]
    file = tmp_path / "hanbok.yaml"
    file.write_text(PLACES + text + "\n", encoding="utf-8")
    with pytest.raises(SettingsInvalid) as caught:
        load(file)
    assert told in str(caught.value)
    assert "hanbok.yaml:" in str(caught.value)


def offer(tmp_path, text):
    file = tmp_path / "hanbok.yaml"
    file.write_text(PLACES + f"  m: {{{TWO}, {PRICE}, {text}}}\n", encoding="utf-8")
    return catalogue_of(load(file).settings, today()).offer("m")


def test_money_is_held_for_both_answers_and_the_judgement(tmp_path):
    plain = offer(tmp_path, "routing: {}")
    assert plain.most([3, 5]) == 5
    both = offer(tmp_path, "escalation: {to: big}")
    assert both.most([3, 5]) == 8
    judged = offer(tmp_path, "escalation: {to: big, judge: {model: near}}")
    assert judged.most([3, 5]) > 8 + 4 * 4000 * 1000


def test_a_judge_of_which_nobody_knows_the_price_is_refused(tmp_path):
    with pytest.raises(ModelUnpriced):
        offer(tmp_path, "escalation: {to: big, judge: {model: odd}}")


def test_only_open_requests_are_compared_unless_the_settings_say_more(tmp_path):
    cached = f"  m: {{{TWO}, cache: {{similar: {{seconds: 60}}}}}}\ncache: {{embedder: {{endpoint: near, model: e}}}}\n"
    file = tmp_path / "hanbok.yaml"
    file.write_text(PLACES + cached, encoding="utf-8")
    caching = catalogue_of(load(file).settings, today()).offer("m").caching
    assert caching is not None
    assert (caching.seconds, caching.grades) == (0, frozenset({Grade.OPEN}))


def test_a_server_that_asks_for_none_of_it_loads_none_of_it():
    rooms = (
        "answering",
        "aside",
        "embedder",
        "heard",
        "judging",
        "resembling",
        "sameness",
        "shadows",
        "tallies",
    )
    steps = ("cast", "escalate", "resemble", "within")
    names = [f"hanbok.gateway.{one}" for one in rooms] + [f"hanbok.gateway.steps.{one}" for one in steps]
    code = f"import sys, hanbok.http.door; print([one for one in {names!r} if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
