# What keeps compile time down: headers precompiled once, and small sources compiled several at a time.

add_library(flow_precompiled OBJECT ${CMAKE_CURRENT_LIST_DIR}/precompiled.cpp)
target_link_libraries(flow_precompiled PRIVATE flow_options flow_arrow nlohmann_json::nlohmann_json)
target_precompile_headers(flow_precompiled PRIVATE ${CMAKE_CURRENT_LIST_DIR}/precompiled.hpp)

# flow_room(TARGET): a room of the library. Its sources start from cmake/precompiled.hpp, which is compiled once for all rooms. Four
# sources at a time are compiled as one, which takes half the time, but for those that have options of their own (flow_hot()).
function(flow_room target)
  target_precompile_headers(${target} REUSE_FROM flow_precompiled)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${FLOW_UNITY_BUILD} UNITY_BUILD_BATCH_SIZE 4)
endfunction()

# flow_precompile_program(TARGET): precompiled headers for a program. They are others, since programs are compiled to be linked to
# fixed places (-fPIE); flow_cli has them made.
function(flow_precompile_program target)
  target_precompile_headers(${target} REUSE_FROM flow_cli)
endfunction()
