set(FLOW_TEST_DEFINITIONS BOOST_TEST_DYN_LINK FLOW_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                          FLOW_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")

# What tests compile themselves need not be fast, and takes a third less time so. The library they link is a release's.
set(FLOW_TEST_OPTIONS $<$<CONFIG:Release>:-O0>)

# flow_test(NAME [LABELS ...] [LIBRARIES ...] [LAUNCHER PROGRAM...]): the *.cpp files of this folder as one Boost.Test program
# test_NAME, run by ctest (through the launcher) as NAME.
function(flow_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "LABELS;LIBRARIES;LAUNCHER" ${ARGN})
  file(GLOB test_sources CONFIGURE_DEPENDS *.cpp)
  add_executable(test_${name} ${test_sources} $<TARGET_OBJECTS:test_main>)
  target_link_libraries(test_${name} PRIVATE flow::flow flow_options Boost::unit_test_framework ${arg_LIBRARIES})
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/libflow/src)
  target_compile_definitions(test_${name} PRIVATE ${FLOW_TEST_DEFINITIONS})
  target_compile_options(test_${name} PRIVATE ${FLOW_TEST_OPTIONS})
  target_precompile_headers(test_${name} REUSE_FROM test_main)
  add_test(NAME ${name} COMMAND ${arg_LAUNCHER} $<TARGET_FILE:test_${name}>)
  if(arg_LABELS)
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
endfunction()
