// The few parts of the PJRT C API that this package uses. The API appends to its structs and to its
// table, and never reorders them, so these declarations fit every later version of a plugin.
// Source: OpenXLA, xla/pjrt/c/pjrt_c_api.h, version 0.104.
#ifndef LPFT_PJRT_H
#define LPFT_PJRT_H

#include <stddef.h>

typedef struct Error Error;
typedef struct Client Client;
typedef struct Executable Executable;
typedef struct LoadedExecutable LoadedExecutable;
typedef struct SerializedExecutable SerializedExecutable;

typedef struct {
	size_t size;
	void *extensions;
	struct { size_t size; void *extensions; int major, minor; } version;
	void *functions[]; // in the order of enum function
} Api;

enum function {
	ERROR_DESTROY = 0,
	CLIENT_COMPILE = 20,
	EXECUTABLE_DESTROY = 40,
	EXECUTABLE_SERIALIZE = 49,
	LOADED_EXECUTABLE_GET_EXECUTABLE = 51,
	EXECUTABLE_DESERIALIZE_AND_LOAD = 56,
};

typedef struct { size_t size; void *extensions; Error *error; } ErrorDestroyArgs;

typedef struct {
	size_t size;
	void *extensions;
	char *code;
	size_t code_size;
	const char *format;
	size_t format_size;
} Program;

typedef struct {
	size_t size;
	void *extensions;
	Client *client;
	const Program *program;
	const char *options;
	size_t options_size;
	LoadedExecutable *executable; // out
} CompileArgs;

typedef struct { size_t size; void *extensions; LoadedExecutable *loaded; Executable *executable; } GetExecutableArgs;
typedef struct { size_t size; void *extensions; Executable *executable; } ExecutableDestroyArgs;

typedef struct {
	size_t size;
	void *extensions;
	const Executable *executable;
	const char *bytes; // out; lives as long as serialized
	size_t bytes_size; // out
	SerializedExecutable *serialized;           // out
	void (*destroy)(SerializedExecutable *); // out
} SerializeArgs;

typedef struct {
	size_t size;
	void *extensions;
	Client *client;
	const char *bytes;
	size_t bytes_size;
	LoadedExecutable *loaded; // out
	const char *options;      // null: those that the program was compiled with
	size_t options_size;
} DeserializeArgs;

#endif
