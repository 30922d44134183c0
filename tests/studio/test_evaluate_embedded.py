"""The embedded model behind the door of an evaluation: what llama.cpp tells of a choice."""

import json
import math

import pytest

from hanbok.gateway.upstreams.http1 import Http1
from hanbok.studio.evaluate.asking import Counter, Door, Patience
from hanbok.studio.evaluate.method import Question
from hanbok.studio.evaluate.plugs import METHODS, plug
from hanbok.studio.evaluate.serving import Weights, served


@pytest.mark.model
@pytest.mark.slow
async def test_llama_cpp_weighs_a_choice_keeps_to_a_schema_and_has_no_echo(tmp_path, lay_weights):
    lay_weights(tmp_path)
    upstream = Http1()
    asked = [{"role": "user", "content": "대한민국의 수도는 어디입니까?\n답: 서울, 냉장고"}]
    spoken = Question(messages=asked, labels=("서울", "냉장고"), texts=("서울", "냉장고"), marker="정답")
    plain = Question(prompt="대한민국의 수도는", labels=("A", "B"), texts=("서울", "냉장고"), marker="정답")
    try:
        async with served(Weights(context=512, slots=1), tmp_path, tmp_path) as (where, key):
            door = Door(upstream, where, "subject", key, Patience())
            counter = Counter()
            forced = await plug(METHODS, "forced")().choose(plain, door, counter)
            assert forced.choice == 0
            assert all(math.isfinite(one) and one < 0 for one in forced.weights)
            constrained = plug(METHODS, "constrained")()
            assert await constrained.works(door, "chat")
            chosen = await constrained.choose(spoken, door, counter)
            assert json.loads(chosen.text) == {"answer": "서울"}
            assert chosen.choice == 0
            assert not await plug(METHODS, "likelihood")().works(door, "plain")
            assert counter.requests > 5
    finally:
        await upstream.close()
