# IN, OUT: LLVM assembly. Removes what ties a function to the machine and the folder it was compiled for.
file(READ ${IN} text)
string(REGEX REPLACE " \"(target-cpu|target-features|tune-cpu|min-legal-vector-width|stack-protector-buffer-size)\"=\"[^\"]*\"" "" text "${text}")
string(REGEX REPLACE "source_filename = [^\n]*\n" "" text "${text}")
file(WRITE ${OUT} "${text}")
