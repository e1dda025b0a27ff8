"""Recordings rendered from a seed: what is laid into them lies where the annotations say, whoever said it."""

import wave

import numpy as np
import pytest

from harness.data.dataset import DataMissing
from harness.data.datasets import load
from harness.errors import PlanError

RATE = 16000
#: A word's own tone, so that a recording tells which one is where.
TONES = {"yes": 500, "no": 1000, "house": 2000}
REAL = {"what": "words", "source": "speech_commands", "seconds": 40, "events": "yes,no", "gap_s": 2.5}


@pytest.fixture
def speakers(tmp_path, monkeypatch):
    """A folder like Speech Commands: each word by twelve speakers, a tone from 0.30 to 0.70 s in faint noise."""
    random = np.random.default_rng(2)
    t = np.arange(RATE) / RATE
    for folder, words in (("speech-commands-v0.02", TONES), ("speech-commands-v0.01-mini/speech_commands_v0.01", {})):
        (tmp_path / folder).mkdir(parents=True)
        for word, hertz in (*words.items(), ("_silence_", 50)):
            (tmp_path / folder / word).mkdir()
            for index in range(12):
                tone = 3000 * np.sin(2 * np.pi * (hertz + index) * t) * ((t >= 0.3) & (t < 0.7))
                with wave.open(str(tmp_path / folder / word / f"{index:08x}_nohash_0.wav"), "wb") as file:
                    file.setparams((1, 2, RATE, RATE, "NONE", ""))
                    file.writeframes((tone + random.normal(0, 20, RATE)).astype("<i2").tobytes())
    monkeypatch.setenv("HIL_DATA_DIR", str(tmp_path))


def loudest_hertz(sound):
    return float(np.argmax(np.abs(np.fft.rfft(sound * np.hanning(len(sound)))))) * RATE / len(sound)


def test_real_words_lie_in_the_noise_where_the_annotations_say(speakers):
    data = load("rendered", options=REAL | {"others": 0.0})
    assert (data.name, data.sample_hz, data.inputs.shape) == ("speech-commands-laid-in-noise", RATE, (1, 40 * RATE))
    assert len(data.events) >= 8
    assert {event.name for event in data.events} == {"yes", "no"}
    sound = data.inputs[0].copy()
    for event in data.events:
        assert event.end_s - event.start_s == pytest.approx(0.4, abs=0.03)
        part = slice(int(event.start_s * RATE), int(event.end_s * RATE))
        assert loudest_hertz(sound[part]) == pytest.approx(TONES[event.name] + 6, abs=10)
        sound[part.start - 800 : part.stop + 800] = 0
    # Nothing else is as loud: what is left is the room, and the clips' own faint noise.
    assert np.abs(sound).max() < 0.25 * np.abs(data.inputs).max()
    assert np.array_equal(load("rendered", options=REAL | {"others": 0.0}).inputs, data.inputs)
    assert not np.array_equal(load("rendered", options=REAL | {"others": 0.0, "seed": 1}).inputs, data.inputs)


def test_other_real_words_are_unknown_where_there_is_such_a_class_and_else_nothing(speakers):
    classes = {"classes": "silence,unknown,yes,no", "others": 0.5}
    told = load("rendered", options=REAL | classes)
    found = [event for event in told.events if event.name == "unknown"]
    assert found
    for event in found:
        part = told.inputs[0][int(event.start_s * RATE) : int(event.end_s * RATE)]
        assert loudest_hertz(part) == pytest.approx(TONES["house"] + 6, abs=10)
    quiet = load("rendered", options=REAL | {"others": 0.5})
    assert np.array_equal(quiet.inputs, told.inputs)
    assert quiet.events == tuple(event for event in told.events if event.name != "unknown")


def test_words_that_nobody_recorded_are_refused_with_those_that_somebody_did(speakers):
    with pytest.raises(PlanError, match="nothing renders maybe") as refused:
        load("rendered", options=REAL | {"events": "maybe"})
    assert refused.value.expected == "house, no, yes"
    with pytest.raises(PlanError, match="has no split 'all'"):
        load("rendered", "all", options=REAL)
    with pytest.raises(PlanError, match="is of words, not of lock"):
        load("rendered", options={"what": "lock", "source": "speech_commands"})


def test_where_nobody_s_recordings_are_the_data_is_missing(monkeypatch):
    monkeypatch.delenv("HIL_DATA_DIR", raising=False)
    with pytest.raises(DataMissing):
        load("rendered", options=REAL)


def test_rendered_words_are_as_they_were():
    # Figures of pages hang on this recording: the words of one seed, whoever changes how real ones are laid.
    data = load("rendered", options={"what": "words", "seconds": 12, "events": "yes,no", "gap_s": 2.0})
    assert data.name == "rendered-words"
    assert [(event.name, event.start_s) for event in data.events] == [
        ("no", 4.641125),
        ("no", 6.639875),
        ("yes", 8.6345),
    ]
    assert data.inputs.sum() == 831083
