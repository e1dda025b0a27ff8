"""The begin of a run on boards: what cannot go together is refused, units are claimed, and who does what is settled."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.bench import lease
from harness.bench.places import NoneFree, Place
from harness.bench.sources import open_source
from harness.disk.scratch import scratch
from harness.errors import BenchError
from harness.plugin import options
from harness.plugin.spread import needs
from harness.plugin.spread.pool import Pool

_POOL = pytest.StashKey[Pool]()
_CLAIMED = pytest.StashKey[list[Place]]()
_LINES = pytest.StashKey[list[str]]()
_STACK = pytest.StashKey[ExitStack]()

#: Ways of xdist to spread tests that know nothing of boards, and what is wrong with each.
_REFUSED = {
    "loadgroup": "it pins tests to workers by a name, whatever unit those have, and hangs for ever when a worker is killed",
    "loadfile": "it sends all tests of a file to one unit, and runs a test that kills its worker again on every other one",
    "loadscope": "it sends all tests of a class to one unit, and runs a test that kills its worker again on every other one",
    "each": "it runs every test on every unit; a test with `board` runs once on each kind that --board names",
}


def begin(config: pytest.Config) -> None:
    """When the options are read and boards are asked for: make this process a worker, a controller, or one that works alone.

    ``HilError`` when that cannot be; a unit that was claimed by then is given back when pytest ends.
    """
    if hasattr(config, "workerinput"):
        from harness.plugin.spread.worker import FOLDER, Worker

        if FOLDER in config.workerinput:
            config.pluginmanager.register(Worker(config), "hil-worker")
    elif config.getoption("collectonly"):
        return
    elif _over_workers(config):
        _control(config)
    elif _kinds(config):
        _alone(config)


def auto(config: pytest.Config) -> int | None:
    """What ``-n auto`` is: as many as there are free units that take work, or that may be free when the first one is.

    None: xdist's own number, for virtual boards.
    """
    asked = options.early(config)
    if not asked.boards or config.getoption("collectonly"):
        return None
    if config.getoption("looponfail", False):  # it starts another pytest, with as many: that one claims them
        return max(1, len(_pool(config).may_come()))
    if _virtual(config):
        return None if not _on_units(config) else len(_claim(config, None)) + 1
    # With none free the first one is waited for: by then others may be free too.
    return len(_claim(config, None)) or max(1, len(_pool(config).may_come()))


def header(config: pytest.Config) -> list[str]:
    """What is said of it before anything runs."""
    return config.stash.get(_LINES, [])


def end(config: pytest.Config) -> None:
    """Give back what is held here. May be called again."""
    if _POOL in config.stash:
        config.stash[_POOL].close()
    if _STACK in config.stash:
        config.stash[_STACK].close()


def _over_workers(config: pytest.Config) -> bool:
    return config.getoption("dist", "no") != "no" and bool(config.getoption("tx", None))


def _control(config: pytest.Config) -> None:
    from xdist.workermanage import parse_tx_spec_config

    from harness.plugin.spread.crew import Crew

    if (dist := config.getoption("dist")) in _REFUSED:
        raise pytest.UsageError(
            f"hil: --dist {dist} does not go with --board: {_REFUSED[dist]}; leave it out: tests go to units that can run them"
        )
    workers = parse_tx_spec_config(config)
    if elsewhere := [spec for spec in workers if not spec.startswith("popen")]:
        raise pytest.UsageError(
            f"hil: --tx {elsewhere[0]} does not go with --board: workers are processes of this host; units of other hosts are named"
            " in the bench file, with `via`"
        )
    virtual = _virtual(config)
    claimed = _claim(config, len(workers))
    pool = _pool(config)
    while len(claimed) > len(workers):  # --maxprocesses
        pool.give_back(claimed.pop().uid)
    lines = config.stash.setdefault(_LINES, [])
    if not virtual and not claimed and not _wait(config, pool, claimed, len(workers)):
        # Nothing to wait for. One after the other each test says so, and each case leaves its record.
        why = "; ".join(pool.absent()) or "there is none of that kind"
        lines.append(f"hil: no workers: no unit takes work ({why})")
        config.option.dist, config.option.tx, config.option.numprocesses = "no", [], 0
        _alone(config)
        return
    if not virtual and len(claimed) < len(workers):
        absent = "; ".join(pool.absent())
        lines.append(
            f"hil: {len(claimed)} of {len(workers)} workers: a worker is a unit, and {len(claimed)} "
            f"{'is' if len(claimed) == 1 else 'are'} free{f' ({absent})' if absent else ''}"
        )
        # Not fewer later: each worker is told how many there are.
        config.option.tx = workers[: len(claimed)]
        config.option.numprocesses = len(claimed)
    elif (away := pool.absent()) and len(claimed) < len(workers):
        lines.append(f"hil: not taken: {'; '.join(away)}")
    stack = config.stash.setdefault(_STACK, ExitStack())
    try:
        folder: Path = stack.enter_context(scratch("hil-seats-"))
    except OSError as error:
        raise BenchError(
            "no folder can be made for what is passed to the workers",
            found=error,
            next_step="set TMPDIR to a folder that can be written",
        ) from error
    config.pluginmanager.register(Crew(config, pool, claimed, virtual, folder), "hil-crew")


def _wait(config: pytest.Config, pool: Pool, claimed: list[Place], most: int) -> bool:
    """All units that would do are in use: claim the first that becomes free, and what else is free by then.

    False where none takes work. ``InUse`` when they stay in use, ``NoneFree`` with ``--no-wait``.
    """
    run, kinds = config.stash[options.KEY].run, _kinds(config)
    # Capturing has not begun, nor is there a reporter yet.
    tell = lambda line: print(f"hil: {line}", flush=True)  # noqa: E731
    try:
        first = pool.wait_for_one(kinds, run.wait_s, tell)
    except lease.InUse as busy:
        if run.no_wait:
            raise NoneFree.told(busy.what, busy.found) from None
        raise
    if first is not None:
        claimed += [first, *(pool.take_some(most - 1, kinds) if most > 1 else [])]
    return first is not None


def _alone(config: pytest.Config) -> None:
    from harness.plugin.spread.inorder import InOrder

    config.pluginmanager.register(InOrder(config, _pool(config)), "hil-in-order")


def _kinds(config: pytest.Config) -> list[str]:
    return [board for board in config.stash[options.KEY].boards if needs.is_on_units(config, board)]


def _pool(config: pytest.Config) -> Pool:
    """The units of the kinds that were asked for, and of the one unit where one was named."""
    if _POOL not in config.stash:
        asked = config.stash[options.KEY]
        uid = asked.run.uid
        places = [place for place in needs.on_bench(config) if uid is None or uid in (place.uid, place.name)]
        what = " ".join(["pytest", *map(str, config.invocation_params.args)])[:200]
        config.stash[_POOL] = Pool(places, open_source(asked.bench), what)
    return config.stash[_POOL]


def _claim(config: pytest.Config, most: int | None) -> list[Place]:
    """Claim units for the workers, once: what ``-n auto`` has counted is what there is."""
    if _CLAIMED not in config.stash:
        config.stash[_CLAIMED] = _pool(config).take_some(most, _kinds(config))
    return config.stash[_CLAIMED]


def _virtual(config: pytest.Config) -> list[str]:
    return [board for board in config.stash[options.KEY].boards if not needs.is_on_units(config, board)]


def _on_units(config: pytest.Config) -> bool:
    return len(_virtual(config)) < len(config.stash[options.KEY].boards)
