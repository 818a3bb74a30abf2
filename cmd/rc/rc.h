// rc, the shell: rc(1).
//
// A line goes from Source to Lexer to parse() to a Cmdtree (syn.h), which a Shell
// (shell.h) walks.  Trees, values and functions are immutable once made and
// shared by reference, so that the copy of the Shell that a subshell runs with
// costs a few references.  Nothing is global.

#pragma once

#include "lib9/args.h"

namespace p9 {

// The program.  Ends its Proc with $status.
void rc(Argv argv);
}
