"""Running the packaged migrations. Imported only when the tables must change."""

from collections.abc import Iterable
from importlib.resources import as_file, files
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from hanbok.store.tables import metadata


def upgrade(connection: Connection) -> None:
    """Bring the tables to the newest revision, within the caller's transaction."""
    with as_file(files("hanbok.store") / "migrations") as folder:
        config = _config(str(folder))
        script = ScriptDirectory.from_config(config)

        def steps(revision: Any, _context: object) -> Iterable[Any]:  # noqa: ANN401 -- Alembic's own
            # Not public, but what the manual of EnvironmentContext tells to call.
            return script._upgrade_revs("head", revision)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

        with EnvironmentContext(config, script, fn=steps) as environment:
            environment.configure(
                connection=connection,
                target_metadata=metadata,
                transactional_ddl=True,
                render_as_batch=True,
            )
            environment.run_migrations()


def newest() -> str | None:
    """Return the newest revision that the package holds."""
    with as_file(files("hanbok.store") / "migrations") as folder:
        return ScriptDirectory.from_config(_config(str(folder))).get_current_head()


def _config(folder: str) -> Config:
    config = Config()
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
