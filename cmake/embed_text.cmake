# NAME, FILE, OUT: writes OUT, a C++ file that defines mlc::tools::NAME as const char[], FILE's text.
set(text "namespace mlc::tools {\nextern const char ${NAME}[];\n")
file(READ ${FILE} hex HEX)
string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
string(APPEND text "const char ${NAME}[] = {${bytes}0};\n")
file(WRITE ${OUT} "${text}}  // namespace mlc::tools\n")
