"""A person who meets a message of ours finds it in the guide, with what to do."""

import re
from collections import Counter

from harness.guide import pages
from harness.guide.parts._messages import messages
from harness.guide.parts._remedies import REMEDIES
from harness.guide.parts.messages import families, family, home, to_do

PAGE = pages.source("failures")


def test_the_messages_are_read_from_the_code():
    found = {message.what: message for message in messages()}
    assert len(found) > 300
    assert found["the serial port is busy"].where == "bench/transports/serial.py"
    assert "fuser" in found["the serial port is busy"].next_step
    assert "no probe has the id ..." in found  # the probe's worker, which has errors of its own
    assert "label ... is beyond the model's outputs" in found  # through a function that makes the error
    assert "the line to the unit is gone" in found


def test_every_message_has_one_place_on_the_page():
    for message in messages():
        where = f"harness/{message.where}:{message.line}: {message.what!r}"
        assert home(message.where), f"{where} belongs to no family of failures.md: name its module in one"
        assert f"`{message.what}`" in PAGE, where


def test_every_message_that_a_user_may_meet_has_something_to_do():
    for words in families():
        for message in family(*words) if "wire/" not in words else ():
            where = f"harness/{message.where}:{message.line}"
            assert to_do(message), f"{where}: {message.what!r} has no next_step: give it one, or a line in _remedies.py"


def test_no_remedy_is_for_what_is_not_said_any_more():
    said = {message.what for message in messages()}
    assert set(REMEDIES) <= said, set(REMEDIES) - said


def test_every_family_says_what_to_do_before_it_lists_messages():
    for words in families():
        before = PAGE.partition(f"<!-- from code: messages {' '.join(words)} -->")[0]
        section = before[before.rindex("\n## ") :]
        assert len(section.split()) > 15, section


def test_a_family_names_modules_that_are_there_and_each_name_once():
    names = [name for words in families() for name in words]
    assert len(names) == len(set(names))
    for name in names:
        path = pages.FOLDER.parent / (name if name.endswith("/") else f"{name}.py")
        assert path.is_dir() if name.endswith("/") else path.is_file(), name


def test_no_message_is_two_sentences_or_ends_in_a_full_stop():
    odd = Counter(message.what for message in messages() if re.search(r"[^.]\.$", message.what))
    assert not odd
