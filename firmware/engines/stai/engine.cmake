# ST Edge AI. HIL_SDK_DIR holds what `stedgeai generate --c-api st-ai` wrote for the network "network" (network.c,
# network_data.c and their headers) and the middleware's Inc/ and Lib/NetworkRuntime*_CM4_GCC*.a.
file(GLOB_RECURSE sdk_sources "${HIL_SDK_DIR}/*.c")
file(GLOB_RECURSE HIL_SDK_LIBRARIES "${HIL_SDK_DIR}/*CM4*GCC*.a")
if(HIL_GCC AND HIL_SDK_LIBRARIES) # ST builds its libraries for GCC with newlib
  set(HIL_ENGINE_NEEDS_LIBC TRUE)
  list(APPEND HIL_SDK_LIBRARIES m c gcc)
endif()
set(HIL_ENGINE_SOURCES ${CMAKE_CURRENT_LIST_DIR}/adapter.c ${sdk_sources})
set(HIL_ENGINE_INCLUDES "${HIL_SDK_DIR}" "${HIL_SDK_DIR}/Inc")
set(HIL_ENGINE_DEFINES HIL_NEEDS_CRC_CLOCK)
