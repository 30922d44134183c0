"""`hanbok serve`.

The one verb that stays: its process holds neither the library of the other verbs nor that of their tables.
"""

import argparse
import logging
import sys
from pathlib import Path

from hanbok.cli.words import say
from hanbok.http.serving import Started
from hanbok.http.serving import serve as run
from hanbok.settings.reading import load
from hanbok.settings.released import with_releases


def serve(arguments: list[str]) -> int:
    """Start the server; return the exit code when it was told to stop."""
    parser = argparse.ArgumentParser(
        prog="hanbok serve", description=say("서버를 시작합니다.", "Start the server.")
    )
    parser.add_argument("-c", "--config", type=Path, help=say("설정 파일.", "The settings file."))
    parser.add_argument(
        "-w",
        "--workers",
        type=int,
        help=say(
            "요청을 받는 프로세스의 수(server.workers).", "Processes that take requests (server.workers)."
        ),
    )
    said = parser.parse_args(arguments)
    file: Path | None = said.config
    wanted: int | None = said.workers
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    loaded = load(file)
    model = next(iter([*loaded.settings.models, *with_releases(loaded.settings).models]), "...")

    def announce(started: Started) -> None:
        print(_announcement(started, model), flush=True)

    print(say("시작하는 중…", "Starting…"), flush=True)
    count = loaded.settings.server.workers if wanted is None else wanted
    if count > 1:
        # A server of one process carries none of this.
        from hanbok.workers.foreman import serve_by_many  # noqa: PLC0415

        serve_by_many(loaded, count, announce)
    else:
        run(loaded, announce)
    return 0


def _announcement(started: Started, model: str) -> str:
    key = started.first_key or "$HANBOK_KEY"
    python_key = f'"{key}"' if started.first_key else 'os.environ["HANBOK_KEY"]'
    question = say("대한민국의 수도는 어디입니까?", "What is the capital of Korea?")
    first = say(
        "첫 실행이라 조직 'default'와 키를 만들었습니다. 키는 지금 한 번만 보입니다:",
        "First run: the organisation 'default' and a key were made. The key is shown this once:",
    )
    return "\n".join(
        [
            *started.notices,
            f"hanbok {started.url}  ({say('멈추려면 Ctrl+C', 'Ctrl+C stops it')})",
            *((first, "", f"  {_bold(key)}", "") if started.first_key else ()),
            f"{say('브라우저', 'Browser')}: {started.url}/" + (f"#key={key}" if started.first_key else ""),
            "",
            f'curl {started.url}/v1/chat/completions -H "Authorization: Bearer {key}" \\',
            '  -H "Content-Type: application/json" \\',
            f'  -d \'{{"model": "{model}", "messages": [{{"role": "user", "content": "{question}"}}]}}\'',
            "",
            *(() if started.first_key else ("import os",)),
            "from openai import OpenAI",
            f'client = OpenAI(base_url="{started.url}/v1", api_key={python_key})',
            f'messages = [{{"role": "user", "content": "{question}"}}]',
            f'answer = client.chat.completions.create(model="{model}", messages=messages)',
            "print(answer.choices[0].message.content)",
            "",
        ]
    )


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if sys.stdout.isatty() else text
