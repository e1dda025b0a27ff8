"""The ways from one schema of the store to the next, for alembic."""
