"""A run on the client of a ``NetLab``: acquires a place, opens its unit, asks it again and again. It says a JSON line each time."""

import json
import os
import sys
import time

from harness.bench import lease
from harness.bench.boards import load_board
from harness.bench.sources import open_source
from harness.bench.unit import open_unit
from harness.clock import SystemClock
from harness.errors import BenchError


def say(**what):
    print(json.dumps(what), flush=True)


def main():
    url, name = sys.argv[1:3]
    source = open_source(url)
    places = [place for place in source.list() if place.board == "nucleo_f446re" and not place.skip]
    wanted = [place for place in places if place.name == name] if name != "any" else places
    try:
        claim = source.acquire_any(wanted, what="a run", wait_s=0.0)
    except BenchError as error:
        return say(refused=error.what, found=str(error.found), kind=type(error).__name__)
    place = claim.place
    try:
        with open_unit(
            load_board(place.board), backend="probe", places=(place,), uid=place.uid, what="a run", clock=SystemClock()
        ) as unit:
            worker = source.session._process.popen.pid
            say(open=place.name, by=claim.identity, pid=os.getpid(), worker=worker, evidence=unit.evidence)
            while True:
                time.sleep(0.25)
                say(state=str(unit.core().state))
                for line in claim.renew():
                    say(told=line)
    except (BenchError, lease.InUse) as error:
        say(lost=error.what, found=str(error.found), kind=type(error).__name__)
    finally:
        claim.release()


if __name__ == "__main__":
    main()
