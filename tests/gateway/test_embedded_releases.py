"""Releases at the embedded endpoint: by name and version, canary, hot take-up, none of one in another's answer."""

import asyncio
import hashlib
import itertools
import json
from importlib.util import find_spec

import msgspec
import pytest

from hanbok.core.values import Destination, Language, Zone
from hanbok.gateway.call import Operation
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.endpoints.embedded import Embedded
from hanbok.gateway.errors import EndpointUnavailable
from hanbok.gateway.llama.dress import KWARG, Dress, template_of
from hanbok.gateway.llama.errors import ReleaseBaseDiffers, ReleaseNotServed, ReleaseUnusable
from hanbok.gateway.llama.releases import INDEX, SERVING, Index, Line, Sampling, Serving, Shelf
from hanbok.gateway.upstream import Timeouts
from hanbok.gateway.upstreams.http1 import Http1

HOME = Destination(endpoint="home", country="KR", zone=Zone.HOME, operator="self")
served = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("xllamacpp", "gguf", "safetensors", "tokenizers")),
    reason="serving a small model takes the extra `local` and the group `test`",
)
QUESTION = "가로등이 꺼져서 밤길이 어둡습니다."


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def lay(shelf, below, name, version, source, **facts):
    folder = shelf / name / version
    folder.mkdir(parents=True)
    form = facts.pop("form", "adapter")
    (folder / "file.gguf").write_bytes(source.read_bytes())
    told = {"sha256": digest(source), "base": digest(below) if form == "adapter" else ""} | facts
    serving = Serving(name=name, version=version, form=form, file="file.gguf", **told)
    (folder / SERVING).write_bytes(msgspec.json.encode(serving))


def index(shelf, **lines):
    said = {name: line if isinstance(line, Line) else Line(live=line) for name, line in lines.items()}
    half = shelf / "half"
    half.write_bytes(msgspec.json.encode(Index(models=said)))
    half.replace(shelf / INDEX)


# Without a model


def body(**members):
    return json.dumps({"messages": [], "model": "a"} | members).encode()


def test_every_request_names_every_adapter_whatever_it_says_itself():
    dress = Dress(adapter=1, adapters=3)
    for said in ([], [{"id": 2, "scale": 1.0}], None, "all"):
        told = json.loads(dress(body(lora=said)))
        assert told["lora"] == [{"id": 0, "scale": 0.0}, {"id": 1, "scale": 1.0}, {"id": 2, "scale": 0.0}]
    assert json.loads(Dress(adapter=None, adapters=2)(body()))["lora"] == [
        {"id": 0, "scale": 0.0},
        {"id": 1, "scale": 0.0},
    ]


def test_a_request_cannot_choose_anothers_template():
    told = json.loads(Dress(adapter=0, adapters=1)(body(chat_template_kwargs={KWARG: "b@1.0.0", "x": 1})))
    assert told["chat_template_kwargs"] == {KWARG: "", "x": 1}
    told = json.loads(Dress(adapter=0, adapters=1, branch="a@1.0.0")(body(chat_template_kwargs={KWARG: "b"})))
    assert told["chat_template_kwargs"] == {KWARG: "a@1.0.0"}


def test_defaults_stand_only_where_the_request_is_silent():
    sampling = Sampling(stops=("\n",), temperature=0.2, choices=('가"', "나\\"))
    dress = Dress(adapter=0, adapters=1, sampling=sampling)
    told = json.loads(dress(body()))
    assert (told["stop"], told["temperature"]) == (["\n"], 0.2)
    assert told["grammar"] == 'root ::= "가\\"" | "나\\\\"'
    told = json.loads(dress(body(stop="끝", temperature=1, response_format={"type": "json_object"})))
    assert (told["stop"], told["temperature"]) == ("끝", 1)
    assert "grammar" not in told


def test_a_template_of_several_keeps_each_at_its_words():
    whole = template_of([("a@1.0.0", "A{{ 1 }}\n"), ('b"', "\nB\n")], "else")
    jinja2 = pytest.importorskip("jinja2")
    pages = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, autoescape=False)
    said = [
        pages.from_string(whole).render(**{KWARG: one} if one else {}) for one in ("a@1.0.0", 'b"', "c", None)
    ]
    assert said == ["A1", "\nB", "else", "else"]


def test_names_versions_and_what_is_not_there(tmp_path):
    source = tmp_path / "x.gguf"
    source.write_bytes(b"GGUF")
    shelf = tmp_path / "models"
    lay(shelf, source, "router", "1.0.0", source)
    lay(shelf, source, "router", "2.0.0", source)
    index(shelf, router=Line(live="1.0.0", candidates=("2.0.0",)), empty=Line())
    one = Shelf(shelf)
    assert one.choose("router").key == "router@1.0.0"
    assert one.choose("router@2.0.0").key == "router@2.0.0"
    assert one.choose("gemma-3-270m") is None
    for missing in ("router@9.9.9", "empty", "nobody@1.0.0", "router@../../1.0.0", "router@.."):
        with pytest.raises(ReleaseNotServed):
            one.choose(missing)


def test_a_canary_answers_about_its_share_of_the_calls(tmp_path):
    source = tmp_path / "x.gguf"
    source.write_bytes(b"GGUF")
    shelf = tmp_path / "models"
    for version in ("1.0.0", "1.1.0"):
        lay(shelf, source, "router", version, source)
    index(shelf, router=Line(live="1.0.0", canary="1.1.0", percent=20))
    one = Shelf(shelf)
    drawn = [one.choose("router").serving.version for _ in range(2000)]
    assert 300 < drawn.count("1.1.0") < 500


def test_a_file_that_is_not_the_released_one_is_refused(tmp_path):
    source = tmp_path / "x.gguf"
    source.write_bytes(b"GGUF")
    shelf = tmp_path / "models"
    lay(shelf, source, "router", "1.0.0", source)
    index(shelf, router="1.0.0")
    (shelf / "router" / "1.0.0" / "file.gguf").write_bytes(b"GGUFx")
    with pytest.raises(ReleaseUnusable) as caught:
        Shelf(shelf).choose("router").check()
    assert "rollback" in caught.value.advise(Language.EN)


# With small models


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    from hanbok.studio.release.adapter_gguf import write_adapter  # noqa: PLC0415 - needs the workshop's packages
    from hanbok.studio.release.folder_gguf import write_folder  # noqa: PLC0415
    from hanbok.studio.release.gguf_file import GgufFile  # noqa: PLC0415
    from studio.small_models import TEMPLATE, small_adapter, small_model  # noqa: PLC0415

    class Quiet:
        def begin(self, *_):
            pass

        def advance(self, _):
            pass

    folder = tmp_path_factory.mktemp("parts")
    base = folder / "base.gguf"
    write_folder(small_model(folder / "hf", "llama"), base, width="f32", template=TEMPLATE, progress=Quiet())
    for seed in (1, 2, 3):
        adapter = small_adapter(folder / f"hf{seed}", seed=seed)
        write_adapter(adapter, GgufFile.open(base), folder / f"{seed}.gguf", Quiet())
    return folder


class Running:
    """An endpoint over a shelf, and a way to ask it as the gateway does."""

    def __init__(self, base, shelf, state, **options):
        self.upstream = Http1()
        said = {"path": str(base), "threads": "1", "context": "512"} | options
        config = EndpointConfig(destination=HOME, state=state, options=said, releases=shelf)
        self.endpoint = Embedded(config, self.upstream)

    async def __aenter__(self):
        await self.endpoint.start()
        return self

    async def __aexit__(self, *_):
        await self.endpoint.close()
        await self.upstream.close()

    async def ask(self, model, text=QUESTION, **members):
        address = await self.endpoint.address(Operation.CHAT, model)
        try:
            said = {
                "messages": [{"role": "user", "content": text}],
                "max_tokens": 5,
                "temperature": 0,
                "logprobs": True,
            }
            sent = address.adapt(json.dumps(said | {"ignore_eos": True} | members).encode())
            headers = (*address.headers, ("content-type", "application/json"))
            exchange = await self.upstream.post(f"{address.url}/chat/completions", headers, sent, Timeouts())
            answer = json.loads(await exchange.whole(1 << 20))
            exchange.close()
        finally:
            address.left()
        assert "choices" in answer, answer
        choice = answer["choices"][0]
        tokens = [(one["id"], round(one["logprob"], 1)) for one in choice["logprobs"]["content"]]
        return address.release, tokens, choice["message"]["content"]


@served
@pytest.mark.parametrize("slots", ["1", "2"])
async def test_interleaved_tenants_get_what_they_get_alone(parts, tmp_path, slots):
    """Every order of three callers, with prompts that others have just asked: what llama.cpp keeps of one caller's
    prompt must not come back for another (with its own defaults it does, see docs/design/embedded.md).
    """
    shelf = tmp_path / "models"
    for name, seed in (("a", 1), ("b", 2)):
        lay(shelf, parts / "base.gguf", name, "1.0.0", parts / f"{seed}.gguf")
    index(shelf, a="1.0.0", b="1.0.0")
    async with Running(parts / "base.gguf", shelf, tmp_path / "state", slots=slots) as one:
        alone = {name: (await one.ask(name, cache_prompt=False))[1] for name in ("a", "b", "base")}
        assert len({str(told) for told in alone.values()}) == 3
        for order in itertools.product(("a", "b", "base"), repeat=3):
            first, second, third = order
            await one.ask(first)
            await one.ask(second, "버스가 오지 않아 삼십 분을 기다렸습니다.")
            await one.ask(third, "버스가 오지 않습니다.")
            assert (await one.ask(third))[1] == alone[third], order
        together = await asyncio.gather(*(one.ask(name) for name in ("a", "b", "base") * 4))
        assert [told[1] for told in together] == [alone[name] for name in ("a", "b", "base")] * 4
        attacked = await one.ask("a", lora=[{"id": 1, "scale": 1.0}, {"id": 0, "scale": 0.0}])
        assert attacked[1] == alone["a"]


@served
async def test_a_release_appears_goes_back_and_drops_no_call(parts, tmp_path):
    shelf = tmp_path / "models"
    base = parts / "base.gguf"
    lay(shelf, base, "a", "1.0.0", parts / "1.gguf")
    index(shelf, a="1.0.0")
    async with Running(base, shelf, tmp_path / "state") as one:
        first = await one.ask("a")
        process = one.endpoint._supervisor.pid
        under_way = await one.endpoint.address(Operation.CHAT, "a")
        lay(shelf, base, "a", "2.0.0", parts / "2.gguf", sampling=Sampling(choices=("도로", "환경")))
        index(shelf, a=Line(live="2.0.0", before=("1.0.0",)))
        told = await one.ask("a", ignore_eos=False, max_tokens=12)
        assert (told[0], told[2] in ("도로", "환경")) == ("a@2.0.0", True)
        assert one.endpoint._supervisor.pid != process
        held = Http1()  # the process before goes on while a call is under way in it
        said = json.dumps({"messages": [{"role": "user", "content": QUESTION}], "max_tokens": 2}).encode()
        headers = (*under_way.headers, ("content-type", "application/json"))
        exchange = await held.post(
            f"{under_way.url}/chat/completions", headers, under_way.adapt(said), Timeouts()
        )
        assert json.loads(await exchange.whole(1 << 20))["choices"]
        exchange.close()
        await held.close()
        under_way.left()
        for _ in range(100):
            if not _runs(process):
                break
            await asyncio.sleep(0.05)
        assert not _runs(process)
        index(shelf, a=Line(live="1.0.0", candidates=("2.0.0",)))
        assert await one.ask("a") == first
        assert (await one.ask("a@2.0.0", ignore_eos=False, max_tokens=12))[0] == "a@2.0.0"


def _runs(process):
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as stat:  # noqa: PTH123 - of the kernel
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@served
async def test_one_bad_release_takes_nothing_else_down(parts, tmp_path):
    shelf = tmp_path / "models"
    base = parts / "base.gguf"
    lay(shelf, base, "good", "1.0.0", parts / "1.gguf")
    index(shelf, good="1.0.0")
    async with Running(base, shelf, tmp_path / "state") as one:
        good = await one.ask("good")
        lay(shelf, base, "foreign", "1.0.0", parts / "1.gguf", base="0" * 64)
        lay(shelf, base, "torn", "1.0.0", parts / "1.gguf", sha256="0" * 64)
        broken = tmp_path / "broken.gguf"
        broken.write_bytes((parts / "1.gguf").read_bytes()[:2000])
        lay(shelf, base, "broken", "1.0.0", broken)
        index(shelf, good="1.0.0", foreign="1.0.0", torn="1.0.0", broken="1.0.0")
        with pytest.raises(ReleaseBaseDiffers):
            await one.ask("foreign")
        with pytest.raises(ReleaseUnusable):
            await one.ask("torn")
        with pytest.raises(EndpointUnavailable, match="cannot be"):
            await one.ask("broken")
        assert await one.ask("good") == good
        assert (await one.ask("base"))[0] == ""
    async with Running(base, shelf, tmp_path / "state") as again:  # a start with all that is on the shelf
        for _ in range(100):
            try:
                assert await again.ask("good") == good
                break
            except EndpointUnavailable:
                await asyncio.sleep(0.1)
        assert (await again.ask("base"))[0] == ""
        with pytest.raises(EndpointUnavailable, match="cannot be"):
            await again.ask("broken")


@served
async def test_a_whole_model_is_served_beside_the_base(parts, tmp_path):
    shelf = tmp_path / "models"
    base = parts / "base.gguf"
    lay(shelf, base, "whole", "1.0.0", base, form="model", sampling=Sampling(choices=("예", "아니요")))
    index(shelf, whole="1.0.0")
    async with Running(base, shelf, tmp_path / "state") as one:
        release, _, text = await one.ask("whole", ignore_eos=False, max_tokens=12)
        assert (release, text in ("예", "아니요")) == ("whole@1.0.0", True)
        assert (await one.ask("base"))[0] == ""
