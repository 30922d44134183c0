"""Sphinx settings of both languages: `sphinx-build -c docs -D language=ko docs/ko docs/_build/ko`."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))

project = "hanbok"
author = "The hanbok authors"
copyright = "2026, The hanbok authors"  # noqa: A001 - the name that Sphinx reads
extensions = ["myst_parser"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "hanbok"
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_search_language = "en"
# Korean is split at spaces: no dictionary needs to be fetched.
nitpicky = True
suppress_warnings = ["misc.highlighting_failure"]


def setup(app: Sphinx) -> None:
    """Write the generated pages before the sources are read."""
    from generate import write  # noqa: PLC0415 - found by the path above

    app.connect("config-inited", lambda _, config: write(config.language))
