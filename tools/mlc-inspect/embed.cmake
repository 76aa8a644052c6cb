# kPageHtml, kPeaksJson: files; OUT: a C++ file that defines each as const char[], the file's text.
set(text "#include \"tools/mlc-inspect/embedded.h\"\nnamespace mlc::tools {\n")
foreach(name kPageHtml kPeaksJson)
  file(READ ${${name}} hex HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND text "const char ${name}[] = {${bytes}0};\n")
endforeach()
file(WRITE ${OUT} "${text}}  // namespace mlc::tools\n")
