# cmake --install: libraries, public headers, find_package(mlc) and pkg-config.
include(CMakePackageConfigHelpers)

install(TARGETS mlc_runtime mlc_runtime_static EXPORT mlc-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/mlc TYPE INCLUDE)
install(EXPORT mlc-targets NAMESPACE mlc:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mlc)

configure_package_config_file(mlc-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/mlc-config.cmake INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mlc)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/mlc-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/mlc-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/mlc-config-version.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mlc)

file(RELATIVE_PATH MLC_PREFIX_FROM_PC ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(mlc.pc.in ${CMAKE_CURRENT_BINARY_DIR}/mlc.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/mlc.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
