"""`hanbok model schema`: what may stand in a recipe."""

from hanbok.cli.output import print_json
from hanbok.settings.recipes import recipe_schema


def schema() -> None:
    """Print the JSON Schema of a recipe."""
    print_json(recipe_schema())
