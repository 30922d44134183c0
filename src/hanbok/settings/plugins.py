"""`plugins`: parts that other packages bring."""

from typing import Annotated

from msgspec import Meta, field

from hanbok.settings.section import Section

_Path = Annotated[
    str, Meta(pattern=r"^/(?!v1/|v1beta/|admin/|console/|log/|static/|passthrough/|mcp|\.)[A-Za-z0-9._~/-]+$")
]


class PluginSettings(Section, frozen=True, kw_only=True):
    trusted: Annotated[
        tuple[str, ...],
        Meta(description="Distributions, by name, whose plug-ins may be loaded; of others nothing is."),
    ] = ()
    steps: Annotated[
        dict[str, dict[str, str]],
        Meta(description="Steps of the group `hanbok.steps` by name, in their order, with their options."),
    ] = field(default_factory=dict[str, dict[str, str]])
    everywhere: Annotated[
        tuple[str, ...],
        Meta(
            description="Those of `steps` that stand in the way of MCP, passages and realtime sessions too, not of "
            "models alone."
        ),
    ] = ()
    fronts: Annotated[
        dict[_Path, str],
        Meta(description="Fronts of the group `hanbok.fronts`, by the path at which their clients ask."),
    ] = field(default_factory=dict[str, str])
    router: Annotated[
        str, Meta(description="Router of the group `hanbok.routers`; none: `models.*.routing` decides.")
    ] = ""

    def __post_init__(self) -> None:
        """Raise ValueError, which becomes a problem of the file, for a step that is not there."""
        if unknown := sorted(set(self.everywhere) - self.steps.keys()):
            raise ValueError(f"`everywhere` names a step that is not in `steps`: {unknown[0]!r}")
