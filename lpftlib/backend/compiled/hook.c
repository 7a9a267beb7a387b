//go:build linux

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"
#include "hook.h"

// A table's functions take no argument that says whose they are, so each wrapped plugin has a
// compile function of its own.
#define SLOTS 4
static Api *plugins[SLOTS];
static int used;

static Error *compile0(CompileArgs *args) { return lpftCompile(0, args); }
static Error *compile1(CompileArgs *args) { return lpftCompile(1, args); }
static Error *compile2(CompileArgs *args) { return lpftCompile(2, args); }
static Error *compile3(CompileArgs *args) { return lpftCompile(3, args); }
static Error *(*const hooks[SLOTS])(CompileArgs *) = {compile0, compile1, compile2, compile3};

Api *lpft_wrap(const char *path, int *slot, const char **why) {
	if (used == SLOTS) {
		*why = "too many plugins in one process";
		return NULL;
	}
	void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	if (!library) {
		*why = dlerror();
		return NULL;
	}
	Api *(*get)(void) = (Api * (*)(void)) dlsym(library, "GetPjrtApi");
	Api *own = get ? get() : NULL;
	size_t needed = offsetof(Api, functions) + (EXECUTABLE_DESERIALIZE_AND_LOAD + 1) * sizeof(void *);
	if (!own || own->size < needed || !own->functions[EXECUTABLE_SERIALIZE] || !own->functions[EXECUTABLE_DESERIALIZE_AND_LOAD]) {
		*why = "the plugin cannot write programs out";
		return NULL;
	}
	Api *copy = malloc(own->size);
	if (!copy) {
		*why = "no memory";
		return NULL;
	}
	memcpy(copy, own, own->size);
	copy->functions[CLIENT_COMPILE] = (void *)hooks[used];
	plugins[used] = own;
	*slot = used++;
	return copy;
}

#define CALL(slot, index, args) (((Error * (*)(void *)) plugins[slot]->functions[index])(args))

Error *lpft_compile(int slot, CompileArgs *args) { return CALL(slot, CLIENT_COMPILE, args); }

Error *lpft_load(int slot, Client *client, const char *bytes, size_t size, LoadedExecutable **loaded) {
	DeserializeArgs args = {.size = sizeof args, .client = client, .bytes = bytes, .bytes_size = size};
	Error *error = CALL(slot, EXECUTABLE_DESERIALIZE_AND_LOAD, &args);
	*loaded = args.loaded;
	return error;
}

Error *lpft_serialize(int slot, LoadedExecutable *loaded, SerializeArgs *out) {
	GetExecutableArgs get = {.size = sizeof get, .loaded = loaded};
	Error *error = CALL(slot, LOADED_EXECUTABLE_GET_EXECUTABLE, &get);
	if (error)
		return error;
	*out = (SerializeArgs){.size = sizeof *out, .executable = get.executable};
	error = CALL(slot, EXECUTABLE_SERIALIZE, out);
	ExecutableDestroyArgs destroy = {.size = sizeof destroy, .executable = get.executable};
	Error *ignored = CALL(slot, EXECUTABLE_DESTROY, &destroy);
	if (ignored)
		lpft_free_error(slot, ignored);
	return error;
}

void lpft_free_serialized(SerializeArgs *args) {
	if (args->destroy)
		args->destroy(args->serialized);
}

void lpft_free_error(int slot, Error *error) {
	ErrorDestroyArgs args = {.size = sizeof args, .error = error};
	((void (*)(void *))plugins[slot]->functions[ERROR_DESTROY])(&args);
}
