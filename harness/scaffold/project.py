"""The files of a project, as text: the plan, a test, the CI system's file, and what pytest and git want to know."""

from __future__ import annotations

import configparser
import json
import math
import os
import re
import textwrap
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import jinja2
import yaml

from harness import __version__
from harness.plans.jsonschema import json_schema
from harness.plans.modelspec import named_by
from harness.plans.schema import Option, number
from harness.scaffold.belong import Pair
from harness.scaffold.gates import Proposed, limit, proposed
from harness.scaffold.target import Target
from harness.text import printable

Ci = Literal["github", "gitlab", "none"]
IGNORED: Final = "hil-reports/"
_WIDTH = 112
_EXTRAS = {".onnx": "onnx", ".keras": "tensorflow", ".h5": "tensorflow"}
#: A test of one's own is for every push: it takes so many samples, spread over the whole set.
_TEST_SAMPLES = 100
#: Words that YAML, of one version or another, takes for something else than text.
_NO_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", ".inf", ".nan"})
_CI_FILES = {"github": Path(".github/workflows/hil.yml"), "gitlab": Path(".gitlab-ci.yml")}


@dataclass(frozen=True)
class Names:
    """What the parts of the project are called, and where."""

    name: str

    @property
    def plan(self) -> Path:
        """The plan, from the project's folder."""
        return Path("testplans") / f"{self.name}.yaml"

    @property
    def ident(self) -> str:
        """The name as part of a Python name."""
        return re.sub(r"\W", "_", self.name)

    @property
    def test(self) -> Path:
        """The test, from the project's folder."""
        return Path("tests") / f"test_{self.ident}.py"


def texts(root: Path, names: Names, pair: Pair, target: Target, ci: Ci) -> dict[Path, str]:
    """What each file of the project in ``root`` should hold, by its path from there; .gitignore apart."""
    gates = proposed(pair)
    files = {
        names.plan: _plan(root, names, pair, target, gates),
        Path("testplans/plan.schema.json"): json.dumps(json_schema(), indent=1) + "\n",
        names.test: _test(root, names, pair, target),
    }
    if not _has_pytest_settings(root):
        files[Path("pytest.ini")] = "[pytest]\ntestpaths = tests\n"
    if ci != "none":
        extra = _EXTRAS.get(pair.model.file.suffix.lower())
        requirement = f"hil[{extra}]=={__version__}" if extra else f"hil=={__version__}"
        files[_CI_FILES[ci]] = _template(f"{ci}.yml.j2").render(requirement=requirement, board=target.board)
    return files


def ci_of(root: Path) -> Ci:
    """The CI system that the project's files or its git remote speak of; GitHub where none does."""
    for folder in (root, *root.parents):
        if (folder / ".gitlab-ci.yml").exists():
            return "gitlab"
        if (folder / ".github").is_dir():
            return "github"
        if (folder / ".git").exists():
            return "gitlab" if "gitlab" in _remotes(folder / ".git") else "github"
    return "github"


def _remotes(git: Path) -> str:
    """The URLs of a repository's remotes; "" where they cannot be read (a worktree's .git is a file)."""
    settings = configparser.RawConfigParser(strict=False)
    try:
        settings.read(git / "config", encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return ""
    return " ".join(settings.get(part, "url", fallback="") for part in settings.sections() if part.startswith("remote"))


def _has_pytest_settings(root: Path) -> bool:
    """Whether pytest would find its root at or above ``root``: looked for no further than the repository's."""
    for folder in (root, *root.parents):
        if any((folder / name).is_file() for name in ("pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")):
            return True
        try:
            tools = tomllib.loads((folder / "pyproject.toml").read_text("utf-8")).get("tool", {})
        except (OSError, ValueError):
            tools = {}
        if "pytest" in tools:
            return True
        if (folder / ".git").exists():
            return False
    return False


def _plan(root: Path, names: Names, pair: Pair, target: Target, gates: Iterable[Proposed]) -> str:
    base = root / names.plan.parent
    return _template("plan.yaml.j2").render(
        name=names.name,
        title=f"{pair.model.facts.title if pair.model.facts else pair.model.file.name} on {pair.dataset.name}",
        board=target.board,
        others=target.others,
        model=_model(pair, base),
        form=pair.data.form,
        split=pair.data.split,
        options=pair.data.all_options(lambda path: seen_from(path, base)),
        gates=gates,
        meaning=f"decide: {_rule(pair)}" if pair.decides else "task: raw",
        why="the class with the largest output" if pair.decides else "no labels: board and reference are compared",
    )


def _rule(pair: Pair) -> str:
    return _yaml({"rule": "argmax", "output": pair.rule.output}) if pair.rule.output else "argmax"


def _model(pair: Pair, base: Path) -> str:
    """The model as an entry of ``models``: its path, with the names of its outputs where nothing else names them."""
    path = seen_from(_source(pair), base)
    if pair.classes:
        return _yaml({"file": path, "classes": list(pair.classes)})
    return _yaml(path)


def _source(pair: Pair) -> Path:
    """What a user names: the folder of a model.toml, or the file."""
    return pair.model.file if pair.model.facts is None else pair.model.file.parent


def _test(root: Path, names: Names, pair: Pair, target: Target) -> str:
    base = root / names.test.parent
    step = max(1, pair.n // _TEST_SAMPLES)
    accuracy = limit(pair.right[::step], pair.dataset.labels[::step]) if pair.decides else None
    said = seen_from(_source(pair), base)
    options = {key: _python(value) for key, value in pair.data.options.items()}
    paths = {key: _python_path(path, root) for key, path in pair.data.paths.items()}
    return _template("test.py.j2").render(
        title_py=printable(names.name),
        name=names.name,
        ident=names.ident,
        board=target.board,
        model_py=f"file={_python(said)}, classes={_python(pair.classes)}" if pair.classes else _python(said),
        form=pair.data.form,
        options_py=paths | options,
        paths=bool(paths),
        split_py=f".{pair.data.split}" if pair.data.split.isidentifier() else f"[{_python(pair.data.split)}]",
        step=step,
        exact=all(output.dtype != "float32" for output in pair.model.outputs),
        verb="classify" if pair.decides else "run",
        rule_py=_python(pair.rule.model_dump(exclude_none=True)) if pair.decides and pair.rule.output else "",
        accuracy="" if accuracy is None else number(accuracy),
    )


def _python_path(path: Path, root: Path) -> str:
    return f"str(ROOT / {_python(seen_from(path, root))})"


def seen_from(path: Path, base: Path) -> str:
    """``path`` as it is written in a file of the folder ``base``: relative, with slashes; absolute on another drive."""
    try:
        return Path(os.path.relpath(path.absolute(), base.absolute())).as_posix()
    except ValueError:
        return path.absolute().as_posix()


def name_for(model: Path) -> str:
    """The name of the plan of a model."""
    return named_by(str(model))


def _yaml(value: object) -> str:
    """A value in YAML's flow style, on one line; plain words stay plain."""
    if isinstance(value, str):
        plain = re.fullmatch(r"[A-Za-z./][\w./-]*(?: [\w./-]+)*", value, re.ASCII)
        if plain and value.lower() not in _NO_TEXT:
            return value
        return str(yaml.safe_dump(value, default_style='"', width=math.inf, allow_unicode=True)).strip()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    if isinstance(value, float) and value != int(value):
        return str(yaml.safe_dump(value)).splitlines()[0]  # 1e-05 is text to YAML, 1.0e-05 a number
    if isinstance(value, float):
        return number(value)
    return json.dumps(value)


def _python(value: object) -> str:
    """A value as Python code, text in the quotes that formatters like."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_python, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "_templates"),
        autoescape=False,  # no HTML: what goes in is quoted by the filters
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"yaml": _yaml, "py": _python, "wrapped": lambda text: textwrap.wrap(str(text), _WIDTH)}
    return environment.get_template(name)


__all__ = ["IGNORED", "Ci", "Names", "Option", "ci_of", "name_for", "seen_from", "texts"]
