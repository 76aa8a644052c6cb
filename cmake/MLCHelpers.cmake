# The helpers that every folder uses.

set(MLC_WARNINGS -Wall -Wextra -Wno-unused-parameter -Wno-comment)
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  list(APPEND MLC_WARNINGS -Wno-deprecated-declarations) # libstdc++ 12's own stable_sort: clang names the caller
endif()

# mlc_compiler_library(NAME [DIRS dir...] [DEPENDS target...] [LINK lib...])
# A static library of the compiler from all .cpp files of the given folders (default: this one), built against MLIR with the shared PCH.
function(mlc_compiler_library name)
  cmake_parse_arguments(ARG "" "" "DIRS;DEPENDS;LINK" ${ARGN})
  if(NOT ARG_DIRS)
    set(ARG_DIRS .)
  endif()
  set(sources)
  foreach(dir ${ARG_DIRS})
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*.cpp)
    list(APPEND sources ${found})
  endforeach()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC mlc_mlir ${ARG_LINK})
  target_compile_options(${name} PRIVATE ${MLC_WARNINGS})
  target_precompile_headers(${name} REUSE_FROM mlc_pch)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# mlc_tablegen(TARGET td out args...): runs mlir-tblgen over `td`; several (out, args) pairs are separated by OUT.
function(mlc_tablegen target td)
  set(LLVM_TARGET_DEFINITIONS ${td})
  set(outputs)
  set(rest ${ARGN})
  while(rest)
    list(POP_FRONT rest out)
    list(POP_FRONT rest flag)
    string(REPLACE " " ";" flags "${flag}")
    set(result ${CMAKE_CURRENT_BINARY_DIR}/${out})
    add_custom_command(OUTPUT ${result}
      COMMAND ${MLIR_TABLEGEN_EXE} ${flags} -I ${MLIR_INCLUDE_DIR} -I ${PROJECT_SOURCE_DIR} -I ${CMAKE_CURRENT_SOURCE_DIR}
              ${CMAKE_CURRENT_SOURCE_DIR}/${td} -o ${result} -d ${result}.d
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${td} DEPFILE ${result}.d COMMENT "tblgen ${out}" VERBATIM)
    list(APPEND outputs ${result})
  endwhile()
  add_custom_target(${target} DEPENDS ${outputs})
endfunction()

# mlc_lit_suite(NAME): one CTest entry that runs lit over the current folder; tests find mlc-opt, FileCheck and the venv's python.
# Nothing where the compiler's tools are not built.
function(mlc_lit_suite name)
  if(NOT TARGET mlc-opt)
    return()
  endif()
  add_test(NAME lit.${name}
    COMMAND ${MLC_PYTHON} -c "from lit.main import main; main()" -sv --param bin=${CMAKE_RUNTIME_OUTPUT_DIRECTORY} --param llvm=${LLVM_TOOLS_BINARY_DIR}
            --param python=${MLC_PYTHON} --param out=${CMAKE_CURRENT_BINARY_DIR}/lit ${CMAKE_CURRENT_SOURCE_DIR})
endfunction()
