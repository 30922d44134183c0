"""`hanbok serve`."""

import logging

from rich.console import Console
from rich.markup import escape

from hanbok.cli.config import File
from hanbok.cli.words import say
from hanbok.http.serving import Started
from hanbok.http.serving import serve as run
from hanbok.settings import load


def serve(config: File = None) -> None:
    """Start the server.

    Parameters
    ----------
    config
        The settings file.

    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    console = Console(highlight=False, soft_wrap=True)
    loaded = load(config)
    console.print(say("시작하는 중…", "Starting…"), style="dim")
    run(loaded, lambda started: _announce(console, started, next(iter(loaded.settings.models))))


def _announce(console: Console, started: Started, model: str) -> None:
    key = started.first_key or "$HANBOK_KEY"
    for notice in started.notices:
        console.print(notice, style="dim", markup=False)
    console.print(f"[bold]hanbok[/] {escape(started.url)}  ({say('멈추려면 Ctrl+C', 'Ctrl+C stops it')})")
    if started.first_key:
        console.print(
            say(
                "첫 실행이라 조직 'default'와 키를 만들었습니다. 키는 지금 한 번만 보입니다:",
                "First run: the organisation 'default' and a key were made. The key is shown this once:",
            )
        )
        console.print(f"\n  {started.first_key}\n", style="bold green", markup=False)
        console.print(f"{say('브라우저', 'Browser')}: {started.url}/#key={started.first_key}", markup=False)
    question = say("대한민국의 수도는 어디입니까?", "What is the capital of Korea?")
    console.print(
        f"""
curl {started.url}/v1/chat/completions -H "Authorization: Bearer {key}" \\
  -H "Content-Type: application/json" \\
  -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "{question}"}}]}}'

from openai import OpenAI
client = OpenAI(base_url="{started.url}/v1", api_key="{key}")
messages = [{{"role": "user", "content": "{question}"}}]
answer = client.chat.completions.create(model="{model}", messages=messages)
print(answer.choices[0].message.content)
""",
        markup=False,
    )
