"""The forms of data sets, each with its options and an example: what ``hil data forms NAME`` prints, shared options once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from harness.data import datasets
from harness.data.forms import FormFacts, OptionFacts, described
from harness.guide.parts._words import code

_SEVERAL = 3  # forms that say the same of an option: it is told once, behind them


def made() -> str:
    """A section for each form, and one for the options that several share."""
    forms = [described(name) for name in datasets.names()]
    counts = Counter(option for form in forms for option in form.options)
    shared = [option for option, count in counts.items() if count >= _SEVERAL]
    lines = [line for form in forms for line in _form(form, shared)]
    lines += ["### Options of several forms", "", *map(_option, shared)]
    return "\n".join(lines)


def _form(form: FormFacts, shared: list[OptionFacts]) -> Iterator[str]:
    yield from (f"### {form.name}", "", form.meaning, "")
    if form.more:
        yield from (form.more, "")
    yield from (_option(option) for option in form.options if option not in shared)
    if also := [code(option.name) for option in form.options if option in shared]:
        yield f"- and, told below: {', '.join(also)}"
    yield from ("", "```yaml", *form.example.rstrip().splitlines(), "```", "")


def _option(option: OptionFacts) -> str:
    kind = f"{option.type}; must be given" if option.required else option.type
    default = f"; {code(option.default)} if left out" if option.default else ""
    return f"- {code(option.name)} ({kind}{default}): {option.meaning}"
