"""The store as it was first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "hil_runs",
        sa.Column("key", KEY, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("standing", sa.Integer(), nullable=False),
        _text("session"),
        _text("case_id"),
        _text("plan"),
        _text("board"),
        _text("model"),
        _text("unit"),
        _text("backend"),
        _text("evidence"),
        _text("verdict"),
        _text("reasons"),
        sa.Column("started", TIME, nullable=False),
        sa.Column("finished", TIME, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        _text("metric"),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        _text("measured_in"),
        _text("engine"),
        _text("elf_sha256"),
        _text("model_sha256"),
        _text("dataset_sha256"),
        _text("folder"),
        _text("host"),
        _text("harness_version"),
        sa.Column("added", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_hil_runs"),
        sa.UniqueConstraint("run_id", name="uq_hil_runs_run_id"),
    )
    op.create_index("ix_hil_runs_board", "hil_runs", ["board", "started"], unique=False)
    op.create_index("ix_hil_runs_cell", "hil_runs", ["plan", "board", "model", "started"], unique=False)
    op.create_index("ix_hil_runs_evidence", "hil_runs", ["evidence", "started"], unique=False)
    op.create_index("ix_hil_runs_model", "hil_runs", ["model", "started"], unique=False)
    op.create_index("ix_hil_runs_plan", "hil_runs", ["plan", "started"], unique=False)
    op.create_index("ix_hil_runs_session", "hil_runs", ["session", "started"], unique=False)
    op.create_index("ix_hil_runs_started", "hil_runs", ["started"], unique=False)
    op.create_index("ix_hil_runs_unit", "hil_runs", ["unit", "started"], unique=False)
    op.create_index("ix_hil_runs_verdict", "hil_runs", ["verdict", "started"], unique=False)
    op.create_table(
        "hil_tag_moves",
        sa.Column("key", KEY, nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        _text("by"),
        sa.Column("run_ids", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_hil_tag_moves"),
    )
    op.create_index("ix_hil_tag_moves_tag", "hil_tag_moves", ["tag"], unique=False)
    op.create_table(
        "hil_tags",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        _text("by"),
        sa.PrimaryKeyConstraint("name", name="pk_hil_tags"),
    )
    op.create_table(
        "hil_attempts",
        sa.Column("key", KEY, nullable=False),
        sa.Column("run_key", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        _text("session"),
        _text("folder"),
        sa.Column("added", TIME, nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("samples", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_key"], ["hil_runs.key"], name="fk_hil_attempts_run_key_hil_runs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_hil_attempts"),
        sa.UniqueConstraint("run_key", "digest", name="uq_hil_attempts_run_key_digest"),
        sa.UniqueConstraint("run_key", "number", name="uq_hil_attempts_run_key_number"),
    )
    op.create_table(
        "hil_gates",
        sa.Column("run_key", KEY, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("op", sa.Text(), nullable=False),
        sa.Column("limit", sa.Float(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        _text("needs"),
        sa.Column("confidence", sa.Float(), nullable=True),
        _text("reason"),
        sa.ForeignKeyConstraint(
            ["run_key"], ["hil_runs.key"], name="fk_hil_gates_run_key_hil_runs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_key", "position", name="pk_hil_gates"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hil_measurements",
        sa.Column("run_key", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_key"], ["hil_runs.key"], name="fk_hil_measurements_run_key_hil_runs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_key", "name", name="pk_hil_measurements"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hil_words",
        sa.Column("run_key", KEY, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_key"], ["hil_runs.key"], name="fk_hil_words_run_key_hil_runs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_key", name="pk_hil_words"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hil_notes",
        sa.Column("key", KEY, nullable=False),
        sa.Column("run_key", KEY, nullable=False),
        sa.Column("at", TIME, nullable=False),
        _text("by"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_key"], ["hil_runs.key"], name="fk_hil_notes_run_key_hil_runs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_hil_notes"),
    )
    op.create_index("ix_hil_notes_run_key", "hil_notes", ["run_key"], unique=False)
    op.create_table(
        "hil_tag_runs",
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("run_key", KEY, nullable=False),
        sa.ForeignKeyConstraint(["run_key"], ["hil_runs.key"], name="fk_hil_tag_runs_run_key_hil_runs"),
        sa.ForeignKeyConstraint(["tag"], ["hil_tags.name"], name="fk_hil_tag_runs_tag_hil_tags", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tag", "run_key", name="pk_hil_tag_runs"),
    )
    op.create_index("ix_hil_tag_runs_run_key", "hil_tag_runs", ["run_key"], unique=False)
