# FILES, OUT: a C++ file that defines kCodegenSourcesHash, the SHA-256 of all files' SHA-256, in the order of their names.
list(SORT FILES)
set(all "")
foreach(file ${FILES})
  file(SHA256 ${file} hash)
  string(APPEND all ${hash})
endforeach()
string(SHA256 hash "${all}")
file(WRITE ${OUT} "namespace mlc {\nextern const char kCodegenSourcesHash[] = \"${hash}\";\n}\n")
