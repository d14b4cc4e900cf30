# flow_precompile(TARGET): the library's sources start from cmake/precompiled.hpp, which is compiled once for all rooms.
add_library(flow_precompiled OBJECT ${CMAKE_CURRENT_LIST_DIR}/precompiled.cpp)
target_link_libraries(flow_precompiled PRIVATE flow_options flow_arrow nlohmann_json::nlohmann_json)
target_precompile_headers(flow_precompiled PRIVATE ${CMAKE_CURRENT_LIST_DIR}/precompiled.hpp)

function(flow_precompile target)
  target_precompile_headers(${target} REUSE_FROM flow_precompiled)
endfunction()

# flow_precompile_program(TARGET): the same for programs. Theirs is another, since programs are compiled to be linked to fixed places
# (-fPIE); flow_cli has it made.
function(flow_precompile_program target)
  target_precompile_headers(${target} REUSE_FROM flow_cli)
endfunction()
