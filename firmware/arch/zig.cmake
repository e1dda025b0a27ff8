# Cross compiling with zig's clang (ziglang from PyPI): the default, because every machine then gives the same image.
# HIL_ZIG is the path of the zig executable.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER "${HIL_ZIG}")
set(CMAKE_C_COMPILER_ARG1 "cc")
# The compiler is known; CMake's trials would cost more than the build.
set(CMAKE_C_COMPILER_FORCED TRUE)
set(CMAKE_C_COMPILER_ID_RUN TRUE)
set(CMAKE_C_COMPILER_ID Clang)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES HIL_ZIG)
set(HIL_ARCH cortex_m)

# `cortex_m4` alone means soft float under a hard-float ABI: vfp4d16sp is the FPU it has. Sanitizers and LTO are on by
# default in zig. No hand-written target flags beside these: board.toml has `core`, and HIL_CORE picks the row.
set(HIL_ZIG_TARGET_cortex-m4f -target thumb-freestanding-eabihf -mcpu=cortex_m4+vfp4d16sp)
set(HIL_TARGET_FLAGS ${HIL_ZIG_TARGET_${HIL_CORE}})
get_filename_component(zig_dir "${HIL_ZIG}" DIRECTORY)
set(HIL_COMPILER_FLAGS -fno-lto -fno-sanitize=all "-ffile-prefix-map=${zig_dir}=zig")
set(HIL_COMPILER_LIBS "")
