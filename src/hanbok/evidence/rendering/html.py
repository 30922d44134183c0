"""A report as one HTML file that needs nothing else: no script, no font, no picture from anywhere."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from hanbok.core.values import Language
from hanbok.evidence.rendering.told import told
from hanbok.evidence.report import Made


def html(made: Made, language: Language) -> bytes:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("hanbok.evidence.rendering"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(told(made, language)).encode()
