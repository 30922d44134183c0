"""Sound written down through hanbok, with the official SDK: the form, the guard, the record."""

import io
import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import openai
import pytest

from end_to_end.test_kept_responses import SETTINGS
from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel
from hanbok.testing.wire.others import speech

PHONE = Identities(13).phone()
SOUND = speech({})
"""A WAV file."""


@pytest.fixture(scope="module")
def model():
    with ScriptedModel() as one:
        yield one


@pytest.fixture(scope="module")
def server(model, tmp_path_factory):
    with RunningHanbok(tmp_path_factory.mktemp("heard"), SETTINGS.format(url=model.url)) as running:
        yield running


@pytest.fixture
def client(server):
    with openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0) as made:
        yield made


def sound(name="상담.wav"):
    return (name, io.BytesIO(SOUND), "audio/wav")


@pytest.mark.parametrize("form", ["json", "text", "srt", "vtt", "verbose_json"])
def test_a_prompt_leaves_hidden_and_comes_back_whatever_the_format(client, model, form):
    heard = client.audio.transcriptions.create(
        model="far", file=sound(), prompt=f"제 번호는 {PHONE}", response_format=form, language="ko"
    )
    assert f"제 번호는 {PHONE}" in (heard if isinstance(heard, str) else heard.text)
    if form == "verbose_json":
        assert heard.segments[0].text == f"제 번호는 {PHONE}"
    sent = model.captured[-1]
    assert PHONE.encode() not in sent.raw
    assert SOUND in sent.body
    assert 'name="file"; filename="상담.wav"'.encode() in sent.body
    assert b"content-type: audio/wav" in sent.body
    assert b'name="model"\r\n\r\nm\r\n' in sent.body


# The SDK has no way to an answer's headers that it does not call deprecated here.
@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_what_was_not_read_and_what_it_cost_is_on_record(client, server, model):
    asked = client.audio.translations.with_streaming_response
    with asked.create(model="m", file=sound(f"{PHONE}.wav")) as raw:
        call = raw.headers["x-hanbok-call"]
    shown = server.run("log", "show", "--call", call, "--json").stdout
    intent, outcome = (one["entry"] for one in json.loads(shown))
    assert intent["findings"] == {"PHONE": 1}  # of the file's name
    assert "1 not read: audio/wav" in outcome["steps"]["inspect"]
    assert (outcome["input"], outcome["output"]) == (20, 5)
    assert outcome["cost"] == 20 * 1000 + 5 * 2000


def test_several_fields_of_a_list_stay_and_what_is_unclear_or_unfit_is_refused(client, server, model):
    client.audio.transcriptions.create(
        model="m", file=sound(), timestamp_granularities=["word", "segment"], response_format="verbose_json"
    )
    assert model.captured[-1].body.count(b'name="timestamp_granularities[]"') == 2
    asked = len(model.captured)
    with pytest.raises(openai.BadRequestError):
        client.audio.transcriptions.create(model="m", file=sound(), stream=True)
    head, end = b"--e\r\ncontent-disposition: form-data; ", b"\r\n--e--\r\n"
    for parts in (
        [b'name="model"\r\n\r\nm', b'name="prompt"\r\n\r\n1'],
        [b'name="model"\r\n\r\nm', b'name="model"\r\n\r\nfar', b'name="file"; filename="a"\r\n\r\nx'],
        [
            b'name="file"; filename="a"\r\n\r\nx',
            b'name="file"; filename="b"\r\n\r\ny',
            b'name="model"\r\n\r\nm',
        ],
    ):
        body = b"\r\n".join(head + one for one in parts) + end
        request = Request(
            f"{server.api}/audio/transcriptions",
            body,
            {
                "content-type": "multipart/form-data; boundary=e",
                "authorization": f"Bearer {server.key}",
            },
        )
        with pytest.raises(HTTPError) as refused:
            urlopen(request)
        with refused.value:
            assert refused.value.code == 400
    assert len(model.captured) == asked


def test_a_text_that_poses_as_sound_is_read(client, model):
    posing = ("a.wav", io.BytesIO(f"전화 {PHONE}".encode()), "audio/wav")
    client.audio.transcriptions.create(model="far", file=posing)
    assert PHONE.encode() not in model.captured[-1].raw


def test_a_provider_that_fails_fails_as_anywhere(client, model):
    model.then(Script(status=400), Script(status=503))
    with pytest.raises(openai.BadRequestError):
        client.audio.transcriptions.create(model="m", file=sound())
    with pytest.raises(openai.InternalServerError):
        client.audio.transcriptions.create(model="m", file=sound())
