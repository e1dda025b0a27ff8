# Cross compiling with GNU Arm Embedded, for those who ask for it. HIL_GCC is the path of arm-none-eabi-gcc.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER "${HIL_GCC}")
set(CMAKE_C_COMPILER_FORCED TRUE)
set(CMAKE_C_COMPILER_ID_RUN TRUE)
set(CMAKE_C_COMPILER_ID GNU)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES HIL_GCC)
set(HIL_ARCH cortex_m)

set(HIL_GCC_TARGET_cortex-m4f -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16)
set(HIL_TARGET_FLAGS ${HIL_GCC_TARGET_${HIL_CORE}})
set(HIL_COMPILER_FLAGS -fno-common)
set(HIL_COMPILER_LIBS -lgcc)
