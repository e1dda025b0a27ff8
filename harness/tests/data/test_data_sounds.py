"""Rendered words and lock sounds are the same everywhere and are what they are said to be; real words keep speakers apart."""

import wave

import numpy as np
import pytest

from harness.data import DataMissing, load
from harness.data.datasets import lock_sounds
from harness.data.datasets._speech_commands import Clip
from harness.data.synthetic import generator, lock, speech
from harness.errors import PlanError

RAW = {"features": ""}
REAL = {"source": "speech_commands"}


def energy(sound, low_hz, high_hz):
    power = np.abs(np.fft.rfft(sound)) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / 16000)
    return power[(hertz >= low_hz) & (hertz < high_hz)].sum() / power.sum()


def test_a_word_depends_on_its_seed_alone():
    who = speech.voice(generator("v"))
    first = speech.render("yes", who, generator(1))
    speech.render("no", who, generator(2))
    np.testing.assert_array_equal(first, speech.render("yes", who, generator(1)))
    assert (first.dtype, first.shape) == (np.int16, (16000,))


def test_sounds_are_where_they_are_in_speech():
    who = speech.voice(generator("v", 3))
    yes = speech.say("yes", who, generator(1))
    vowel, hiss = yes[: len(yes) // 2], yes[-len(yes) // 4 :]
    assert energy(hiss, 3000, 8000) > 0.7
    assert energy(vowel, 0, 3000) > 0.9
    assert energy(speech.say("no", who, generator(1)), 3000, 8000) < 0.05


def test_a_high_voice_has_a_higher_pitch():
    def pitch(voice):
        vowel = speech.say("no", voice, generator("p"))[2000:6000]
        same = np.correlate(vowel, vowel, "full")[len(vowel) - 1 :]
        lags = slice(16000 // 400, 16000 // 60)
        return 16000 / (lags.start + same[lags].argmax())

    low, high = (speech.Voice(hz, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, (1.0, 1.0, 1.0)) for hz in (100, 200))
    assert pitch(low) == pytest.approx(100, rel=0.2)
    assert pitch(high) == pytest.approx(200, rel=0.2)


def test_rendered_clips_come_in_turns_and_voices_are_of_one_part():
    test, train = load("spoken_words", samples=8, options=RAW), load("spoken_words", "train", samples=8, options=RAW)
    assert (test.name, test.classes) == ("words-synthetic", ("silence", "unknown", "yes", "no"))
    assert test.labels.tolist() == [0, 1, 2, 3] * 2
    assert test.groups is not None
    assert train.groups is not None
    assert not set(test.groups) & set(train.groups)
    five = load(
        "spoken_words",
        samples=6,
        options=RAW | {"words": "one,two,three,four,five", "unknown": "", "silence": "background"},
    )
    assert five.classes == ("background", "one", "two", "three", "four", "five")
    assert load("spoken_words", samples=4).inputs.shape == (4, 49, 40)
    assert load("spoken_words", samples=6, options={"features": "dscnn_mfcc"}).inputs.shape[1:3] == (49, 10)


def test_what_the_synthesiser_cannot_say_is_refused_before_anything_is_rendered():
    with pytest.raises(PlanError, match="cannot say house"):
        load("spoken_words", options={"words": "house,no"})


def test_real_words_keep_speakers_apart_and_drop_what_is_there_twice():
    try:
        test = load("spoken_words", options=REAL | RAW)
    except DataMissing:
        pytest.skip("Speech Commands is not on this machine")
    train = load("spoken_words", "train", options=REAL | RAW)
    assert test.groups is not None
    assert train.groups is not None
    assert not set(test.groups) & set(train.groups)
    # 520 and 300 files, 7 of the first known to be there twice.
    assert len(test) + len(train) <= 813
    every = [x.tobytes() for part in (test, train) for x in part.inputs.astype(np.int16)]
    assert len(set(every)) == len(every)


def test_a_short_recording_is_filled_with_silence_and_another_rate_refused(tmp_path):
    def written(rate, n):
        with wave.open(str(tmp_path / f"{rate}.wav"), "wb") as file:
            file.setparams((1, 2, rate, n, "NONE", ""))
            file.writeframes(np.full(n, 7, np.int16).tobytes())
        return Clip("x", "yes", "s", tmp_path / f"{rate}.wav").samples

    found = written(16000, 14336)()
    assert (found.shape, found[14335], found[14336:].any()) == ((16000,), 7, False)
    with pytest.raises(PlanError, match="Speech Commands") as refused:
        written(8000, 8000)()
    assert "8000.wav" in str(refused.value)


def test_knocks_are_low_keys_are_high_and_the_gate_opens_at_the_sound():
    place = lock.door(generator("d"))
    knock, key = (lock.render(kind, place, generator(kind)) for kind in ("knocking", "key_io"))
    start = lock_sounds.opened(knock, 600)
    assert start % 400 == 0
    assert np.abs(knock[:start]).max(initial=0) <= 600 < np.abs(knock[start : start + 400]).max()
    assert energy(knock[start : start + 6000], 0, 1500) > 0.8
    begin = lock_sounds.opened(key, 600)
    assert energy(key[begin : begin + 6000], 1500, 8000) > 0.7
    assert np.abs(lock.background(16000, generator("b"))).max() <= 600


def test_lock_sounds_have_the_models_shape_and_doors_of_one_part():
    test, train = load("lock_sounds", samples=8), load("lock_sounds", "train", samples=4)
    assert (test.name, test.inputs.shape) == ("lock-synthetic", (8, 20, 15, 1))
    assert test.labels.tolist() == [0, 1, 2, 3] * 2
    assert (test.inputs == np.round(test.inputs)).all()
    assert (test.inputs.min() >= 0, test.inputs.max() <= 255) == (True, True)
    assert test.groups is not None
    assert train.groups is not None
    assert not set(test.groups) & set(train.groups)


def test_a_sound_has_as_many_steps_as_are_asked_for_each_a_window_later():
    single, several = (load("lock_sounds", options={"features": "", **more}) for more in ({}, {"steps": "3"}))
    assert len(several) == 3 * len(single)
    assert single.sequences is None
    assert several.ids[:3].tolist() == [f"{single.ids[0]}-{step:02d}" for step in range(3)]
    assert several.sequences[:3].tolist() == [single.ids[0]] * 3
    assert several.groups[::3].tolist() == single.groups.tolist()
    assert np.array_equal(several.inputs[0], single.inputs[0])
    assert np.array_equal(several.inputs[1, :-400], several.inputs[0, 400:])
    assert several.inputs.shape[1:] == single.inputs.shape[1:]


def test_what_an_integer_front_end_made_is_known_by_its_step():
    assert load("spoken_words").level_step == 26 / 256
    assert load("spoken_words", options={"features": ""}).level_step == 0
