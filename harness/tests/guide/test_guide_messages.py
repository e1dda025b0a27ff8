"""A person who meets a message of ours finds it in the guide, with what to do."""

import re
from collections import Counter

from harness.guide import pages, parts
from harness.guide.parts._messages import messages
from harness.guide.parts.messages import of

PAGE = pages.source("failures")
FAMILIES = [words[1:] for words in parts.used(PAGE) if words[0] == "messages"]


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
        places = [words for words in FAMILIES if of(message.where, words)]
        assert len(places) == 1, f"harness/{message.where}:{message.line}: {message.what!r} is in the families {places}"
        assert f"`{message.what}`" in PAGE


def test_every_family_says_what_to_do_before_it_lists_messages():
    for words in FAMILIES:
        before = PAGE.partition(f"<!-- from code: messages {' '.join(words)} -->")[0]
        section = before[before.rindex("\n## ") :]
        assert len(section.split()) > 15, section


def test_no_family_names_what_is_not_there():
    wheres = {message.where for message in messages()}
    for words in FAMILIES:
        for word in words:
            root = pages.FOLDER.parent
            assert (
                any(of(where, (word,)) for where in wheres) or (root / f"{word}.py").exists() or (root / word).is_dir()
            )


def test_no_message_is_two_sentences_or_ends_in_a_full_stop():
    odd = Counter(message.what for message in messages() if re.search(r"[^.]\.$", message.what))
    assert not odd
