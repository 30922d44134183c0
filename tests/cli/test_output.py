"""What others wrote is shown to whoever decides by it: it must not steer the terminal."""

import pytest

from hanbok.cli.output import print_rows


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("민원 2026-117", "민원 2026-117"),
        ("괜찮음\x1b[1A\x1b[2K승인됨", "괜찮음\ufffd[1A\ufffd[2K승인됨"),
        ("\u202eafter", "\ufffdafter"),
        ("\x9b31m", "\ufffd31m"),
        ("띄어\u3000쓰기", "띄어 쓰기"),
    ],
)
def test_control_characters_do_not_reach_the_terminal(
    told: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_rows([{"reason": told}], {"reason": "why"}, json=False, empty="none")
    assert capsys.readouterr().out.splitlines()[1].strip() == shown
