"""What Alembic runs: one connection, given by `migrate.py`, and its transaction."""

from alembic import context

from hanbok.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
