# LLVM/MLIR 22 as shared objects, lld as static archives, protobuf; target mlc_mlir carries includes and links, mlc_pch the shared precompiled header.
find_package(MLIR REQUIRED CONFIG PATHS /usr/lib/llvm-22/lib/cmake/mlir NO_DEFAULT_PATH)
find_package(LLD REQUIRED CONFIG PATHS /usr/lib/llvm-22/lib/cmake/lld NO_DEFAULT_PATH)
if(NOT LLVM_VERSION_MAJOR EQUAL 22)
  message(FATAL_ERROR "MLC needs LLVM/MLIR 22, found ${LLVM_PACKAGE_VERSION}")
endif()
find_package(Protobuf REQUIRED)
find_program(MLC_CLANG clang-22 PATHS ${LLVM_TOOLS_BINARY_DIR} REQUIRED)
find_program(MLIR_TABLEGEN_EXE mlir-tblgen PATHS ${LLVM_TOOLS_BINARY_DIR} NO_DEFAULT_PATH REQUIRED)
find_program(LLVM_TBLGEN_EXE llvm-tblgen PATHS ${LLVM_TOOLS_BINARY_DIR} NO_DEFAULT_PATH REQUIRED)
list(GET MLIR_INCLUDE_DIRS 0 MLIR_INCLUDE_DIR)

add_library(mlc_mlir INTERFACE)
target_include_directories(mlc_mlir SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_include_directories(mlc_mlir INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
target_compile_definitions(mlc_mlir INTERFACE ${LLVM_DEFINITIONS_LIST})
target_compile_options(mlc_mlir INTERFACE -fno-rtti $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>) # ccache compares contents
target_link_libraries(mlc_mlir INTERFACE ${LLVM_LIBRARY_DIR}/libMLIR.so ${LLVM_LIBRARY_DIR}/libLLVM.so)

file(WRITE ${CMAKE_BINARY_DIR}/mlc_pch.cpp "// anchors the shared precompiled header\n")
add_library(mlc_pch STATIC ${CMAKE_BINARY_DIR}/mlc_pch.cpp)
target_link_libraries(mlc_pch PUBLIC mlc_mlir)
target_compile_options(mlc_pch PRIVATE ${MLC_WARNINGS})
target_precompile_headers(mlc_pch PRIVATE ${PROJECT_SOURCE_DIR}/cmake/pch.h)
