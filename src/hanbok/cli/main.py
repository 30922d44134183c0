"""The `hanbok` command.

Exit codes: 0 done; 1 found something, or a check failed; 2 wrong usage; 3 an error with a code; 130 interrupted.
"""

import sys
from collections.abc import Callable

from hanbok.cli.words import LANGUAGE, say
from hanbok.core.errors import HanbokError

FAILED, INTERRUPTED = 3, 130


def main() -> None:
    """Run the command line and exit."""
    arguments = sys.argv[1:]
    try:
        code = _verb(arguments)()
    except HanbokError as error:
        print(f"{say('오류', 'error')} [{error.code}] {error.say(LANGUAGE)}", file=sys.stderr)
        print(error.advise(LANGUAGE), file=sys.stderr)
        code = FAILED
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


def _verb(arguments: list[str]) -> Callable[[], int]:
    """Return what the arguments ask for; only the modules that it needs are loaded."""
    if arguments[:1] == ["serve"]:
        from hanbok.cli.serve import serve  # noqa: PLC0415 - a server starts in a second, and lives long

        return lambda: serve(arguments[1:])
    from hanbok.cli.verbs import run  # noqa: PLC0415 - as above

    return lambda: run(arguments)
