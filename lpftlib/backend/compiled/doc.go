// Package compiled keeps the programs that XLA has compiled on disk, so that a second process
// compiles nothing.
//
// A PJRT plugin is a shared library with a table of functions. [Wrap] gives go-xla a copy of that
// table in which one function is another: asked to compile, it first looks for the same program in a
// folder, compiled earlier by the same plugin, and loads it from there (PJRT_Executable_DeserializeAndLoad);
// else it has the plugin compile and writes the result out (PJRT_Executable_Serialize). A file that is
// damaged, or that the plugin refuses, is compiled anew and replaced.
//
// A file is named by the SHA-256 of everything its content depends on: the program, its compile options and
// what the caller says of plugin, device and flags.
package compiled
