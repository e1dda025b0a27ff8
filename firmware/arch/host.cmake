# The host's own compiler, for boards/native. HIL_CC is its path, HIL_CC_ARG1 the first argument (zig wants "cc").
set(CMAKE_C_COMPILER "${HIL_CC}")
set(CMAKE_C_COMPILER_ARG1 "${HIL_CC_ARG1}")
set(CMAKE_C_COMPILER_FORCED TRUE)
set(CMAKE_C_COMPILER_ID_RUN TRUE)
set(CMAKE_C_COMPILER_ID Clang)
set(HIL_ARCH host)
set(HIL_COMPILER_FLAGS ${HIL_CC_FLAGS})
set(HIL_COMPILER_LIBS "")
