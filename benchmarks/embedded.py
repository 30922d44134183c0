"""The embedded model: speed by threads with and without other work on the machine, memory, and how well it answers.

    python benchmarks/embedded.py [--answers]

Speed is tokens a second, by the clock and by CPU second of the model's process; compare within one run only.
`--answers` asks 30 Korean questions, none of them in the template, and grades the first line of each
answer by a pattern; see docs/design/embedded.md.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from hanbok.core.values import Destination, Zone
from hanbok.gateway.call import Operation
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.endpoints.embedded import Embedded
from hanbok.gateway.llama.weights import bundled
from hanbok.gateway.upstream import Timeouts
from hanbok.gateway.upstreams.http1 import Http1

HOME = Destination(endpoint="home", country="KR", zone=Zone.HOME, operator="self")
TOKENS = 48
QUESTIONS = (
    ("만나서 반갑습니다.", "안녕|반갑|무엇을|도와|저도"),
    ("이탈리아의 수도는 어디인가요?", "로마"),
    ("일본의 수도는 어디야?", "도쿄|동경"),
    ("프랑스의 수도를 알려줘.", "파리"),
    ("거북선을 만든 사람은 누구인가요?", "이순신"),
    ("물은 섭씨 몇 도에서 끓나요?", "100"),
    ("1년은 몇 달인가요?", "12|열두"),
    ("일주일은 며칠인가요?", "7일|칠 일|일곱"),
    ("3 더하기 4는 얼마인가요?", r"\b7|칠입|일곱"),
    ("10에서 6을 빼면 얼마야?", r"\b4|사입|넷"),
    ("'apple'을 한국어로 번역해 줘.", "사과"),
    ("'Thank you'를 한국어로 번역하세요.", "감사|고마"),
    ("'학교'를 영어로 번역해 줘.", "(?i)school"),
    ("'나는 학생입니다'를 영어로 번역하세요.", "(?i)i(?:'| a)m a student"),
    ("'크다'의 반대말은 무엇인가요?", "작"),
    ("'덥다'의 반대말은?", "춥|추"),
    ("다음 문장의 감정을 긍정 또는 부정으로 답하세요: 이 영화 정말 재미있어요!", "긍정"),
    ("다음 문장의 감정을 긍정 또는 부정으로 답하세요: 서비스가 너무 느리고 불친절했습니다.", "부정"),
    ("피자는 어느 나라 음식인가요?", "이탈리아|이태리"),
    ("우리나라에서 가장 높은 산은 무엇인가요?", "한라|백두"),
    ("태양계에서 가장 큰 행성은?", "목성"),
    ("지구의 위성은 무엇인가요?", "달"),
    ("인터넷이 안 될 때 어떻게 해야 하나요?", "재부팅|전원|연결|공유기|확인|모뎀|라우터"),
    ("요금을 조회하고 싶어요. 어디로 문의하면 되나요?", "고객|전화|홈페이지|114|앱|상담"),
    ("부산은 어느 나라에 있는 도시인가요?", "한국|대한민국"),
    ("설날에 먹는 대표적인 음식은 무엇인가요?", "떡국"),
    ("사과, 바나나, 당근 중에서 채소는 무엇인가요?", "당근"),
    ("비가 올 때 필요한 물건은 무엇인가요?", "우산|우비|장화"),
    ("개인정보란 무엇인가요?", "개인을|이름|식별|알아볼"),
    ("'감사합니다'를 영어로 하면?", "(?i)thank"),
)


class Running:
    """One started endpoint and a client for it."""

    def __init__(self, folder: Path, **options: str) -> None:
        self.endpoint = Embedded(EndpointConfig(destination=HOME, state=folder, options=options), Http1())
        self.upstream = Http1()

    async def __aenter__(self) -> Self:
        began = time.monotonic()
        await self.endpoint.start()
        self.address = await self.endpoint.address(Operation.CHAT, "m")
        self.started = time.monotonic() - began
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.upstream.close()
        await self.endpoint.close()

    async def ask(self, text: str, **options: object) -> dict:
        body = {"messages": [{"role": "user", "content": text}], "max_tokens": TOKENS} | options
        headers = (*self.address.headers, ("content-type", "application/json"))
        exchange = await self.upstream.post(
            f"{self.address.url}/chat/completions",
            headers,
            json.dumps(body).encode(),
            Timeouts(total=3600, first=3600),
        )
        answer = json.loads(await exchange.whole(1 << 20))
        await exchange.close()
        return answer

    @property
    def process(self) -> Path:
        return Path(f"/proc/{self.endpoint._supervisor.pid}")  # noqa: SLF001 - nobody else needs to know it

    def cpu(self) -> float:
        fields = (self.process / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss(self) -> int:
        return int((self.process / "statm").read_text().split()[1]) * 4 // 1024


async def speed(folder: Path, threads: int, load: int) -> None:
    others = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", "while True: pass") for _ in range(load)
    ]
    try:
        async with Running(folder, threads=str(threads)) as model:
            options = {"temperature": 0, "stop": ["\0"], "ignore_eos": True}
            await asyncio.gather(*(model.ask("시작", max_tokens=1) for _ in range(4)))
            figures = []
            for streams in (1, 4):
                clock, cpu = time.monotonic(), model.cpu()
                await asyncio.gather(
                    *(model.ask("옛날이야기를 해 주세요.", **options) for _ in range(streams))
                )
                tokens = streams * TOKENS
                figures += [tokens / (time.monotonic() - clock), tokens / (model.cpu() - cpu)]
            print(
                f"| {threads} | {load} | {figures[0]:.1f} | {figures[1]:.1f} | {figures[2]:.1f} | {figures[3]:.1f} "
                f"| {model.started:.1f} | {model.rss()} |",
                flush=True,
            )
    finally:
        for one in others:
            one.kill()
            await one.wait()


def repeats(text: str) -> bool:
    return re.search(r"(.{4,16})\1\1", text) is not None


async def answers(folder: Path) -> None:
    async with Running(folder) as model:
        gate = asyncio.Semaphore(4)

        async def one(question: str, seed: int, **options: object) -> tuple[str, str]:
            async with gate:
                choice = (await model.ask(question, max_tokens=80, seed=seed, **options))["choices"][0]
                return choice["message"]["content"], choice["finish_reason"]

        for label, options, seeds in (
            ("temperature 0", {"temperature": 0}, (1,)),
            ("defaults", {}, (1, 2, 3)),
        ):
            for seed in seeds:
                said = await asyncio.gather(*(one(question, seed, **options) for question, _ in QUESTIONS))
                graded = [
                    bool(re.search(pattern, text.strip().partition("\n")[0]))
                    and question.rstrip("?. ") not in text
                    for (question, pattern), (text, _) in zip(QUESTIONS, said, strict=True)
                ]
                print(
                    f"{label}, seed {seed}: right {sum(graded)}/{len(graded)}, "
                    f"ended by itself {sum(end == 'stop' for _, end in said)}, "
                    f"repeats itself {sum(repeats(text) for text, _ in said)}",
                    flush=True,
                )
                if seed == 1:
                    for (question, _), (text, _), right in zip(QUESTIONS, said, graded, strict=True):
                        print(f"  {'o' if right else 'x'} {question} -> {text.strip()[:80]!r}")


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--answers", action="store_true", help="how well it answers, instead of how fast")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundled(Path(folder), lambda _: None)
        if arguments.answers:
            await answers(Path(folder))
            return
        print(
            "| threads | other busy processes | 1 stream tok/s | tok/cpu-s | 4 streams tok/s | tok/cpu-s "
            "| start s | RSS MiB |"
        )
        print("|---|---|---|---|---|---|---|---|")
        for load in (0, os.cpu_count() or 1):
            for threads in range(1, (os.cpu_count() or 1) + 1):
                await speed(Path(folder), threads, load)


if __name__ == "__main__":
    asyncio.run(main())
