"""A worker in a process of its own: what it says in JSON, what it says besides, and its end."""

import signal

from harness.bench.beside import Beside


def shell(script):
    return Beside(["sh", "-c", script])


def test_what_is_no_answer_is_told_with_what_it_says_to_its_standard_error_and_hides_no_answer():
    worker = shell("""echo 5; echo '[]'; echo Welcome; echo '{"id": 1}'; echo a word >&2""")
    assert [worker.answers.get(timeout=60), worker.answers.get(timeout=60)] == [{"id": 1}, None]
    worker.end(60.0)
    assert worker.popen.returncode == 0
    for said in ("not an answer: 5", "not an answer: []", "not an answer: Welcome", "a word"):
        assert said in worker.tail


def test_it_ends_with_its_standard_input_else_by_force():
    heeds, hangs = shell("cat"), shell("exec sleep 600")
    heeds.ask({"id": 7})
    assert heeds.answers.get(timeout=60) == {"id": 7}
    heeds.end(60.0)
    assert heeds.popen.returncode == 0
    for _ in range(2):
        hangs.end(0.0)
    assert hangs.popen.returncode == -signal.SIGKILL
    assert hangs.tail == "nothing on its standard error"
