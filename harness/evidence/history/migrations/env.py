"""How alembic runs the migrations: on the connection that it is given, in the transaction that has begun there."""

from alembic import context

from harness.evidence.history.tables import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite changes a table by making another
)
context.run_migrations()
