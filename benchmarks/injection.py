"""The injection screen on attacks of public test kits, and on ordinary text.

    pip download --no-deps --dest DIR agentdojo==0.1.35 bastioncorpus==0.6.0 agent-injection-bench==0.1.0 \
        spikee==0.9.2 inspect-evals==0.26.0
    python benchmarks/injection.py DIR [--misses]

Every set is cut in two by a digest of its texts: `tuned` was looked at while the forms were written, `unseen` was not.
`--misses` prints what was missed or wrongly flagged in the tuned half. Nothing of the kits is kept here.
"""

import argparse
import ast
import gzip
import hashlib
import json
import re
import sys
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from hanbok.guard.injection import screen

DATA = Path(__file__).resolve().parents[2] / "shared/data"
SHORTEST = 20


class Kit:
    """The files of one downloaded wheel."""

    def __init__(self, folder: Path, name: str) -> None:
        found = sorted(folder.glob(f"{name}-*.whl"))
        self._zip = zipfile.ZipFile(found[-1]) if found else None

    def texts(self, pattern: str) -> Iterator[str]:
        for name in self._zip.namelist() if self._zip else ():
            if re.search(pattern, name):
                data = self._zip.read(name)
                yield (gzip.decompress(data) if name.endswith(".gz") else data).decode()

    def rows(self, pattern: str) -> Iterator[dict]:
        for text in self.texts(pattern):
            yield from (json.loads(line) for line in text.splitlines() if line.strip())


def agentdojo(folder: Path) -> Iterator[str]:
    """Yield each attack with each goal, as it would stand in a tool's result."""
    kit = Kit(folder, "agentdojo")
    attacks = [
        text
        for source in kit.texts(r"attacks/(baseline|important|dos)\w*\.py$")
        for text in strings(source)
        if "{goal}" in text or "</INFORMATION>" in text
    ]
    goals = [
        text
        for source in kit.texts(r"default_suites/v1/\w+/injection_tasks\.py$")
        for text in strings(source, "GOAL")
    ]
    for attack in attacks:
        for goal in goals if "{goal}" in attack else goals[:1]:
            yield attack.replace("{goal}", goal).replace("{user}", "Emma").replace("{model}", "Assistant")


def strings(source: str, name: str = "") -> Iterator[str]:
    """Yield the strings of a Python file, or those given to a name; what is filled in reads X."""
    for node in ast.walk(ast.parse(source)):
        value = (
            node.value
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name
            else node
        )
        if name and value is node:
            continue
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value
        elif isinstance(value, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in value.values)


def spikee(folder: Path) -> Iterator[str]:
    kit = Kit(folder, "spikee")
    orders = [
        one["instruction"] for one in kit.rows(r"seeds-(cybersec-2026|llm-mailbox).*/instructions\.jsonl$")
    ]
    seen: set[str] = set()
    for number, one in enumerate(kit.rows(r"seeds-(cybersec-2026|llm-mailbox|sysmsg).*/jailbreaks\.jsonl$")):
        if one["text"] not in seen and one.get("jailbreak_type") != "no-jailbreak":
            seen.add(one["text"])
            yield one["text"].replace("<INSTRUCTION>", orders[number % len(orders)])


def bastion(folder: Path, label: str) -> Iterator[str]:
    return (
        one["text"]
        for one in Kit(folder, "bastioncorpus").rows(r"injections\.jsonl$")
        if one["label"] == label and one["lang"] == "en"
    )


def coding(folder: Path, *, benign: bool) -> Iterator[str]:
    for text in Kit(folder, "inspect_evals").texts(r"ipi_coding_agent/dataset/samples\.json$"):
        for one in json.loads(text):
            if one["is_benign"] is benign:
                yield "\n\n".join((one["issue_text"], *one["repo_files"].values()))


def dojo_life(folder: Path) -> Iterator[str]:
    """Yield the paragraphs of the mails, files and pages that AgentDojo's agents read."""
    for text in Kit(folder, "agentdojo").texts(r"data/suites/.*\.yaml$"):
        for block in re.split(r"\n\s*\n|\n- ", re.sub(r"\{injection\w+\}", "", text)):
            yield block.strip()


def manuals(folder: Path) -> Iterator[str]:
    for text in Kit(folder, "inspect_evals").texts(
        r"tau2/data/domains/banking_knowledge/documents\.json\.gz$"
    ):
        yield from (value for value in walk(json.loads(text)) if len(value) > SHORTEST)


def walk(tree: object) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict | list):
        for one in tree.values() if isinstance(tree, dict) else tree:
            yield from walk(one)


def shared(file: str) -> Iterator[str]:
    if (DATA / file).exists():
        for line in (DATA / file).read_text("utf-8").split("\n"):
            if line:
                yield from (value for value in walk(json.loads(line)) if len(value) > SHORTEST)


def sets(folder: Path) -> dict[str, tuple[bool, Iterable[str]]]:
    """Name every set, whether it attacks, and its texts."""
    return {
        "agentdojo, attacks x goals": (True, agentdojo(folder)),
        "bastioncorpus, malicious": (True, bastion(folder, "malicious")),
        "agent-injection-bench": (
            True,
            (one["injected"] for one in Kit(folder, "agent_injection_bench").rows(r"attacks\.jsonl$")),
        ),
        "spikee, jailbreaks": (True, spikee(folder)),
        "ipi_coding_agent": (True, coding(folder, benign=False)),
        "ipi_coding_agent, benign": (False, coding(folder, benign=True)),
        "bastioncorpus, benign": (False, bastion(folder, "benign")),
        "agentdojo, mails and files": (False, dojo_life(folder)),
        "tau2, bank manuals": (False, manuals(folder)),
        "statutes": (False, shared("law/law_articles.jsonl")),
        "KLUE news": (False, shared("ner/klue_ner.jsonl")),
        "Korean instructions": (False, shared("instruct/ko_instruct.jsonl")),
        "Korean commands": (False, shared("cls/assistant_commands.jsonl")),
        "Korean tool calls": (False, shared("tools/functionchat.jsonl")),
        "Korean web text": (False, shared("curation/raw_ko.jsonl")),
    }


def is_tuned(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 0


def cost(texts: list[str]) -> float:
    """Return microseconds of CPU per KB, the least of five rounds."""
    size = sum(len(text.encode()) for text in texts) / 1024
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for text in texts:
            screen(text)
        best = min(best, time.process_time() - start)
    return best / size * 1e6


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--misses", action="store_true")
    arguments = parser.parse_args()
    print("| set | texts | flagged, tuned half | flagged, unseen half |\n|---|---|---|---|")
    clean: list[str] = []
    for name, (attacks, found) in sets(arguments.folder).items():
        texts = list(dict.fromkeys(found))
        if not texts:
            print(f"| {name} | absent | | |")
            continue
        halves: dict[bool, list[bool]] = {True: [], False: []}
        for text in texts:
            flagged = bool(screen(text))
            halves[is_tuned(text)].append(flagged)
            if arguments.misses and is_tuned(text) and flagged is not attacks:
                print(
                    f"  {name}: {text[:300]!r} {[(o.why, text[o.start : o.end]) for o in screen(text)]}",
                    file=sys.stderr,
                )
        shares = [f"{sum(half)} of {len(half)}" for half in halves.values()]
        print(f"| {'attack: ' if attacks else 'clean: '}{name} | {len(texts)} | {shares[0]} | {shares[1]} |")
        clean += [] if attacks else texts[:300]
    print(f"\ncost on clean text: {cost(clean):.1f} us CPU a KB ({len(clean)} texts)")


if __name__ == "__main__":
    main()
