"""Names for runs: what a reference means, and the tags that people set. Every move of a tag is kept."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from harness.errors import MisuseError
from harness.evidence import layout
from harness.evidence.history import queries
from harness.evidence.history.rows import Note, RunRow, TagMove, TagRow
from harness.evidence.history.tables import notes, runs, tag_moves, tag_runs, tags, words
from harness.plans.names import nearest

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
_SHORTEST: Final = 4  # of a run id's prefix
_MOST_SHOWN: Final = 5


def resolve(connection: Connection, reference: str) -> tuple[RunRow, ...]:
    """The runs that ``latest``, a tag, a session, a run id or a prefix of one names.

    A session that ran a case twice is what it came to last. ``MisuseError`` for a name of nothing, with those that are near.
    """
    keys = (
        _latest(connection)
        if reference == layout.LATEST
        else _tagged(connection, reference) or _session(connection, reference) or _by_id(connection, reference)
    )
    if not keys:
        raise _unknown(connection, reference)
    return queries.rows_of(connection, keys)


def tag(connection: Connection, name: str, run_ids: Sequence[str], *, force: bool, by: str, at: datetime) -> None:
    """Let ``name`` mean those runs. ``MisuseError`` for a bad name, unknown runs, and one that is taken without ``force``."""
    _check_name(connection, name)
    keys = queries.keys_of(connection, run_ids)
    missing = [run_id for run_id in run_ids if run_id not in keys]
    if missing or not run_ids:
        raise MisuseError(
            "a tag names runs of the history", found=", ".join(missing) or "none", next_step="hil history list"
        )
    before = set(_tagged(connection, name))
    if before == set(keys.values()):
        return
    if before and not force:
        raise MisuseError(
            f"the tag {name!r} names other runs already",
            expected="a tag of another name, or --force: what it named is kept in `hil history tags`",
            found=", ".join(row.run_id for row in queries.rows_of(connection, list(before)[:_MOST_SHOWN])),
            next_step="hil history tags",
        )
    if before:
        connection.execute(delete(tag_runs).where(tag_runs.c.tag == name))
        connection.execute(update(tags).where(tags.c.name == name).values(at=at, by=by))
    else:
        connection.execute(insert(tags).values(name=name, at=at, by=by))
    connection.execute(insert(tag_runs), [{"tag": name, "run_key": key} for key in keys.values()])
    _moved(connection, name, keys, by, at)


def untag(connection: Connection, name: str, *, by: str, at: datetime) -> None:
    """Take the tag away; what it named is kept among its moves. ``MisuseError`` when there is none."""
    if not _tagged(connection, name):
        raise _no_tag(connection, name)
    connection.execute(delete(tag_runs).where(tag_runs.c.tag == name))
    connection.execute(delete(tags).where(tags.c.name == name))
    _moved(connection, name, (), by, at)


def all_tags(connection: Connection) -> list[TagRow]:
    """Every tag with what it names and ever named, by name."""
    moves: dict[str, list[TagMove]] = defaultdict(list)
    for row in connection.execute(select(tag_moves).order_by(tag_moves.c.key)):
        moves[row.tag].append(TagMove(row.at, row.by, tuple(json.loads(row.run_ids))))
    named: dict[str, list[str]] = defaultdict(list)
    join = select(tag_runs.c.tag, runs.c.run_id).join(runs, runs.c.key == tag_runs.c.run_key)
    for row in connection.execute(join.order_by(runs.c.case_id, runs.c.started)):
        named[row.tag].append(row.run_id)
    return [
        TagRow(row.name, tuple(named[row.name]), row.at, row.by, tuple(moves[row.name]))
        for row in connection.execute(select(tags).order_by(tags.c.name))
    ]


def take_tag(connection: Connection, name: str, moves: Sequence[TagMove]) -> bool:
    """A tag that another store had, with its moves. False: it means the same here. ``MisuseError`` when it means others."""
    now = moves[-1]
    before = set(_tagged(connection, name))
    if before and before == set(queries.keys_of(connection, now.run_ids).values()):
        return False
    tag(connection, name, now.run_ids, force=False, by=now.by, at=now.at)
    connection.execute(delete(tag_moves).where(tag_moves.c.tag == name, tag_moves.c.at == now.at))
    for move in moves:
        _moved(connection, name, move.run_ids, move.by, move.at)
    return True


def take_notes(connection: Connection, run_id: str, said: Sequence[Note]) -> None:
    """Notes that another store had of a run."""
    (key,) = queries.keys_of(connection, [run_id]).values()
    known = {(row.at, row.text) for row in connection.execute(select(notes).where(notes.c.run_key == key))}
    rows = [
        {"run_key": key, "at": note.at, "by": note.by, "text": note.text}
        for note in said
        if (note.at, note.text) not in known
    ]
    if rows:
        connection.execute(insert(notes), rows)


def _moved(connection: Connection, name: str, run_ids: Iterable[str], by: str, at: datetime) -> None:
    connection.execute(insert(tag_moves).values(tag=name, at=at, by=by, run_ids=json.dumps(list(run_ids))))


def _check_name(connection: Connection, name: str) -> None:
    if _NAME.fullmatch(name) is None or name == layout.LATEST:
        raise MisuseError(
            "this is no name for a tag",
            expected=f"letters, digits and . _ + -, at most 100, not {layout.LATEST}",
            found=repr(name[:120]),
            next_step="release-1.4, for example",
        )
    if _session(connection, name) or _by_id(connection, name):
        raise MisuseError(
            "a session or a run has this name already", found=name, next_step="take another one for the tag"
        )


def _latest(connection: Connection) -> list[int]:
    newest = connection.execute(
        select(runs.c.session).order_by(runs.c.started.desc(), runs.c.key.desc()).limit(1)
    ).scalar()
    return [] if newest is None else _session(connection, newest)


def _tagged(connection: Connection, name: str) -> list[int]:
    return list(connection.execute(select(tag_runs.c.run_key).where(tag_runs.c.tag == name)).scalars())


def _session(connection: Connection, name: str) -> list[int]:
    """The last run of each case."""
    found = select(runs.c.case_id, runs.c.key).where(runs.c.session == name).order_by(runs.c.started, runs.c.key)
    last: dict[str, int] = {row.case_id: row.key for row in connection.execute(found)}
    return list(last.values())


def _by_id(connection: Connection, prefix: str) -> list[int]:
    exact = connection.execute(select(runs.c.key).where(runs.c.run_id == prefix)).scalar()
    if exact is not None:
        return [exact]
    if len(prefix) < _SHORTEST:
        return []
    # What a run is searched by begins with its id, and is much smaller than its row.
    found = connection.execute(
        select(runs.c.key, runs.c.run_id)
        .join(words, words.c.run_key == runs.c.key)
        .where(words.c.words.startswith(prefix.lower(), autoescape=True))
        .where(func.substr(runs.c.run_id, 1, len(prefix)) == prefix)
        .order_by(runs.c.run_id)
        .limit(_MOST_SHOWN)
    ).all()
    if len(found) > 1:
        raise MisuseError(
            "several runs have an id that begins so",
            expected="more of the id",
            found=", ".join(row.run_id for row in found),
            next_step="hil history list",
        )
    return [row.key for row in found]


def _unknown(connection: Connection, reference: str) -> MisuseError:
    newest = select(runs.c.session, runs.c.run_id).order_by(runs.c.started.desc()).limit(200)
    known = {name for row in connection.execute(newest) for name in row}
    known |= set(connection.execute(select(tags.c.name)).scalars())
    near = nearest(reference, known)
    return MisuseError(
        "the history has no such run",
        expected=f"{layout.LATEST}, a tag, a session, a run's id or at least {_SHORTEST} letters of its begin",
        found=reference,
        next_step=f"did you mean {near!r}?" if near else "hil history list",
    )


def _no_tag(connection: Connection, name: str) -> MisuseError:
    known = list(connection.execute(select(tags.c.name)).scalars())
    near = nearest(name, known)
    return MisuseError(
        "there is no such tag",
        expected=f"one of: {', '.join(sorted(known)[:20]) or '(none)'}",
        found=name,
        next_step=f"did you mean {near!r}?" if near else "hil history tags",
    )
