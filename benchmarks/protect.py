"""What finding texts, hiding and restoring cost: microseconds a body or chunk, best of many runs.

Run: python benchmarks/protect.py
"""

import json
import timeit
from collections.abc import Callable

from hanbok.gateway.rewrite import ChunkRewriter, rewrite_answer
from hanbok.gateway.texts import Texts
from hanbok.guard.pseudonym import Pseudonyms
from hanbok.guard.recogniser import Finding

_MASKS = {"PHONE": "[전화번호]"}
_PHONE = "010-0000-0001"
_SENTENCE = "안녕하세요, 지난주에 신청한 대출의 심사 결과가 궁금합니다.\n"


def spell(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def body_of(size: int) -> bytes:
    """Return a chat request of about this many bytes with one telephone number."""
    content = f"{_SENTENCE * max(1, (size - 300) // len(_SENTENCE.encode()))}제 번호는 {_PHONE}입니다."
    messages = [{"role": "system", "content": "친절하게 답하십시오."}, {"role": "user", "content": content}]
    return spell(
        {"model": "gpt-4o", "messages": messages, "temperature": 0.7, "stream": True, "max_tokens": 512}
    )


def chunk_of(content: str) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "logprobs": None, "finish_reason": None}
    frame = {"id": "chatcmpl-0123456789", "object": "chat.completion.chunk", "created": 1_790_000_000}
    return spell(
        frame | {"model": "gpt-4o", "system_fingerprint": "fp_0", "choices": [choice], "usage": None}
    )


def best(run: Callable[[], object], number: int = 200) -> float:
    """Return the microseconds of the quickest of thirty runs."""
    return min(timeit.repeat(run, number=number, repeat=30)) / number * 1e6


def report(name: str, micros: float) -> None:
    print(f"{name:<58} {micros:8.1f} us")


def requests() -> None:
    for size in (1024, 32 * 1024):
        body = body_of(size)
        texts = Texts(body)
        at = texts.text.index(_PHONE)
        found = [Finding(kind="PHONE", start=at, end=at + len(_PHONE), score=1.0)]

        def hide(texts: Texts = texts, found: list[Finding] = found) -> bytes:
            return texts.replace(Pseudonyms(_MASKS).hide(texts.text, found))

        assert _PHONE.encode() not in hide()
        report(f"texts of a request, {len(body):,} bytes", best(lambda body=body: Texts(body)))
        report(f"pseudonymise it, {len(body):,} bytes", best(hide))


def answers(pseudonyms: Pseudonyms) -> None:
    def whole(content: str) -> bytes:
        return spell(
            {"id": "c", "choices": [{"index": 0, "message": {"role": "assistant", "content": content}}]}
        )

    def rewritten(body: bytes) -> bytes:
        return rewrite_answer(body, lambda in_json: pseudonyms.restorer(in_json=in_json), "there")

    for name, body in (
        ("nothing to restore", whole(_SENTENCE * 12)),
        ("restored", whole("[전화번호-1]로 " + _SENTENCE * 12)),
    ):
        report(f"whole answer, {len(body):,} bytes, {name}", best(lambda body=body: rewritten(body)))


def chunks(pseudonyms: Pseudonyms) -> None:
    rewriter = ChunkRewriter(lambda in_json: pseudonyms.restorer(in_json=in_json), "there", hide_usage=True)
    plain = chunk_of("안녕하세요").replace(b',"usage":null', b"")
    assert rewriter.feed(plain) == [plain]
    report("chunk, nothing changes", best(lambda: rewriter.feed(plain)))
    report("chunk, usage:null cut off", best(lambda: rewriter.feed(chunk_of_usage)))
    restored = chunk_of("[전화번호-1]로")
    assert _PHONE.encode() in rewriter.feed(restored)[0]
    report("chunk, restored", best(lambda: rewriter.feed(restored)))
    held, rest = chunk_of("네, [전화번"), chunk_of("호-1]로")
    report(
        "two chunks, a placeholder held between them",
        best(lambda: (rewriter.feed(held), rewriter.feed(rest))),
    )
    meter = ChunkRewriter(None, "there", hide_usage=True)
    report("chunk, no findings, usage:null cut off", best(lambda: meter.feed(chunk_of_usage)))


chunk_of_usage = chunk_of("안녕하세요")

if __name__ == "__main__":
    hidden = Pseudonyms(_MASKS)
    hidden.hide(_PHONE, [Finding(kind="PHONE", start=0, end=len(_PHONE), score=1.0)])
    requests()
    answers(hidden)
    chunks(hidden)
