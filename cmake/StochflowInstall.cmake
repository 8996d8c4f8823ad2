# cmake --install: headers, the diffusion library when built, and a package configuration for
#   find_package(stochflow REQUIRED COMPONENTS solvers mpi diffusion)
include(CMakePackageConfigHelpers)
set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/stochflow)

# Headers are installed as a tree, so a new header needs no line here.
install(DIRECTORY solvers/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS stochflow_solvers EXPORT stochflow_solvers_targets)
install(EXPORT stochflow_solvers_targets
  NAMESPACE stochflow:: FILE stochflow-solvers-targets.cmake DESTINATION ${config_folder})
if(stochflow_with_mpi)
  install(TARGETS stochflow_mpi EXPORT stochflow_mpi_targets)
  install(EXPORT stochflow_mpi_targets
    NAMESPACE stochflow:: FILE stochflow-mpi-targets.cmake DESTINATION ${config_folder})
endif()
if(STOCHFLOW_DIFFUSION)
  install(DIRECTORY diffusion/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(TARGETS stochflow_diffusion EXPORT stochflow_diffusion_targets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT stochflow_diffusion_targets
    NAMESPACE stochflow:: FILE stochflow-diffusion-targets.cmake DESTINATION ${config_folder})
endif()

if(STOCHFLOW_APPS)
  install(TARGETS stochflow RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(DIRECTORY apps/data apps/pretrained
    DESTINATION ${CMAKE_INSTALL_DATADIR}/stochflow
    OPTIONAL PATTERN "*.cpp" EXCLUDE PATTERN "*.hpp" EXCLUDE)
endif()

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/stochflow-config.cmake.in
  ${PROJECT_BINARY_DIR}/stochflow-config.cmake
  INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/stochflow-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/stochflow-config.cmake
  ${PROJECT_BINARY_DIR}/stochflow-config-version.cmake
  DESTINATION ${config_folder})
