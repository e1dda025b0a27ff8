"""The firmware's modules (x.c with x.h) include one another in one direction."""

import re
from graphlib import CycleError, TopologicalSorter

import pytest

from harness.paths import shipped

SOURCES = shipped("firmware") / "src"


def includes(folder):
    """Each module under ``folder`` with those that it includes."""
    graph: dict[str, set[str]] = {}
    for path in sorted([*folder.rglob("*.c"), *folder.rglob("*.h")]):
        module = path.relative_to(folder).with_suffix("").as_posix()
        wanted = {name.removesuffix(".h") for name in re.findall(r'^#include "(.+)"', path.read_text(), re.MULTILINE)}
        graph.setdefault(module, set()).update(wanted - {module})
    return graph


def test_no_front_end_depends_on_itself_by_way_of_others():
    graph = includes(SOURCES.parent / "frontend")
    assert {"hil_stream", "fe_micro", "fe_kissfft"} <= graph.keys()
    assert not {"fe_lock", "fe_dscnn"} & graph["fe_micro"]
    assert tuple(TopologicalSorter(graph).static_order())


def test_no_module_of_the_firmware_depends_on_itself_by_way_of_others():
    graph = includes(SOURCES)
    assert {"server", "answers", "layers", "compute", "wire/frame"} <= graph.keys()
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as circle:
        pytest.fail(f"a circle of includes: {' <- '.join(circle.args[1])}")
    assert order.index("compute") < order.index("answers") < order.index("layers") < order.index("server")


def test_a_circle_is_found(tmp_path):
    for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{name}.c").write_text(f'#include "{name}.h"\n')
        (tmp_path / f"{name}.h").write_text(f'#include "{other}.h"\n')
    with pytest.raises(CycleError):
        list(TopologicalSorter(includes(tmp_path)).static_order())
