# CMSIS-NN under our kernel functions: the generated network stays, these functions compute it. HIL_SDK_DIR is a CMSIS-NN
# checkout (Include/, Source/).
set(HIL_REPLACES_KERNELS TRUE)
list(FILTER engine EXCLUDE REGEX "nn_(conv|dwconv|dense)_s8\\.c$")
file(GLOB_RECURSE sdk_sources "${HIL_SDK_DIR}/Source/*.c")
list(FILTER sdk_sources EXCLUDE REGEX "_(f16|f32|flt)\\.c$") # not used, and of other requirements
set(HIL_ENGINE_SOURCES ${CMAKE_CURRENT_LIST_DIR}/adapter.c ${sdk_sources})
set(HIL_ENGINE_INCLUDES "${HIL_SDK_DIR}/Include")
set(HIL_ENGINE_DEFINES "HIL_ENGINE_NAME=\"cmsis_nn\"")
