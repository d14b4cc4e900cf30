# Installs the library as one package: find_package(libflow) gives flow::flow.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/libflow)

install(TARGETS flow flow_language flow_operators flow_sources flow_sinks flow_actors flow_arrow EXPORT libflow-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(RDKAFKA_FOUND)
  install(TARGETS flow_kafka_client EXPORT libflow-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(EXPORT libflow-targets NAMESPACE flow:: DESTINATION ${package_dir})
install(DIRECTORY libflow/include/flow DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS flow_cli DESTINATION ${CMAKE_INSTALL_BINDIR})
if(FLOW_ARROW_LIBRARY_DIR)  # The wheel's Arrow goes along: headers and libraries of the build that libflow was compiled with.
  install(DIRECTORY ${FLOW_ARROW_LIBRARY_DIR}/include/arrow DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/libflow-arrow)
  install(FILES ${FLOW_ARROW_LIBRARIES} DESTINATION ${CMAKE_INSTALL_LIBDIR}/libflow)
  set_target_properties(flow_cli PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/libflow")
endif()
configure_package_config_file(cmake/libflow-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/libflow-config.cmake
                              INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/libflow-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/libflow-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/libflow-config-version.cmake
              cmake/FindCAF.cmake DESTINATION ${package_dir})
