import pytest

from harness.build.cmake import raise_if_too_large
from harness.errors import PlanError

LLD = """\
ld.lld: error: section '.text' will not fit in region 'FLASH': overflowed by 100 bytes
ld.lld: error: section '.hil_model' will not fit in region 'FLASH': overflowed by 4100 bytes
"""
GNU = """\
arm-none-eabi-ld: firmware.elf section `.bss' will not fit in region `RAM'
arm-none-eabi-ld: region `RAM' overflowed by 68952 bytes
"""
SIZES = {"FLASH": 1000, "RAM": 2000}


def test_the_whole_excess_is_told_for_lld():
    with pytest.raises(PlanError, match=r"5100 B needed \(4100 B too many\)"):
        raise_if_too_large(LLD, "x", SIZES)


def test_the_whole_excess_is_told_for_gnu_ld():
    with pytest.raises(PlanError, match=r"70952 B needed \(68952 B too many\)"):
        raise_if_too_large(GNU, "x", SIZES)


def test_other_errors_are_not_about_size():
    raise_if_too_large("error: undefined symbol: main", "x", SIZES)
