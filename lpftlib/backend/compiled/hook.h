#ifndef LPFT_HOOK_H
#define LPFT_HOOK_H

#include "pjrt.h"

// lpft_wrap copies the API table of an opened plugin, with this package's compile function in the
// place of the plugin's own. Null where the plugin cannot be opened, has no table, cannot write
// programs out, or where a process has wrapped SLOTS plugins already; *why then says which.
Api *lpft_wrap(const char *path, int *slot, const char **why);

// The plugin's own functions. Each returns null, or an error that the caller frees.
Error *lpft_compile(int slot, CompileArgs *args);
Error *lpft_load(int slot, Client *client, const char *bytes, size_t size, LoadedExecutable **loaded);
Error *lpft_serialize(int slot, LoadedExecutable *loaded, SerializeArgs *out);
void lpft_free_error(int slot, Error *error);
void lpft_free_serialized(SerializeArgs *args);

#endif
