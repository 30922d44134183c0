"""`hanbok models check`, as typed, against stand-ins of each provider's format."""

import json

import pytest

from hanbok.cli.verbs import build
from hanbok.gateway.catalogue import ModelUnknown
from hanbok.testing.scripted import Said, Script, ScriptedModel, ToolCall
from stands import in_each_format

CAPITAL = '{"city": "서울"}'
EMBEDDER = """\
  vectors:
    targets: [{endpoint: openai_compatible, model: text-embedding-3-small}]
"""


def able(asked):
    if asked.tools:
        return Said(tool_calls=(ToolCall(name="weather", arguments=CAPITAL),))
    return Said(text=CAPITAL)


@pytest.fixture
def model():
    with ScriptedModel(Script(say=able)) as one:
        yield one


@pytest.fixture
def hanbok(tmp_path, capsys, model):
    """Run one command; give its exit code and what it printed."""
    file = tmp_path / "hanbok.yaml"
    yaml = in_each_format(model.origin).replace("state: state", f"state: {tmp_path}/state")
    file.write_text(yaml + EMBEDDER)

    def run(*words):
        code = build()([*words, "--json", "--config", str(file)], exit_on_error=False)
        return code, json.loads(capsys.readouterr().out)

    return run


def results(rows):
    return {(one["endpoint"], one["feature"]): one["result"] for one in rows}


def test_what_works_in_each_format_is_told_with_its_cost_and_stands_in_the_log(hanbok, model):
    code, rows = hanbok("models", "check")
    assert code == 0
    assert set(results(rows).values()) == {"works"}
    features = {"chat", "stream", "tools", "structured output"}
    for endpoint in ("openai_compatible", "anthropic", "gemini"):
        found = {one["feature"]: one for one in rows if one["endpoint"] == endpoint}
        assert found.keys() >= features
        assert all(found[feature]["cost"] > 0 and found[feature]["tokens"] > 0 for feature in features)
    assert len([one for one in rows if one["feature"] == "embeddings"]) == 1
    assert {one["model"] for one in rows if one["feature"] == "embeddings"} == {"text-embedding-3-small"}
    acts = [one["entry"] for one in hanbok("log", "show")[1] if one["entry"]["verb"] == "check"]
    assert "gemini/real" in acts[0]["facts"]["asks"]
    assert int(acts[1]["facts"]["cost"]) == sum(one["cost"] for one in rows)
    assert acts[1]["facts"]["anthropic/real"] == (
        "chat works, stream works, tools works, structured output works"
    )
    assert all(b"made-up" not in one.body for one in model.captured)


def test_a_model_that_only_talks_lacks_the_rest_and_is_no_failure(hanbok, model):
    model.script = Script(say="네.")
    code, rows = hanbok("models", "check", "gemini")
    assert code == 0
    assert results(rows) == {
        ("gemini", "chat"): "works",
        ("gemini", "stream"): "works",
        ("gemini", "tools"): "lacks",
        ("gemini", "structured output"): "lacks",
    }


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (Script(status=503), "upstream_failed"),
        (Script(status=404), "status 404"),
        (Script(cut_at=40), "upstream_cut"),
        (Script(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]"), "upstream_garbled"),
    ],
    ids=["down", "unknown model", "cut", "another API"],
)
def test_a_model_that_does_not_answer_is_told_by_the_exit_code(hanbok, model, script, code):
    model.script = script
    exit_code, rows = hanbok("models", "check", "openai_compatible")
    assert exit_code == 1
    chat = next(one for one in rows if one["feature"] == "chat")
    assert chat["result"] != "works"
    assert chat["code"] == code


def test_a_name_that_is_not_on_offer_is_told(hanbok):
    with pytest.raises(ModelUnknown):
        hanbok("models", "check", "nowhere")
