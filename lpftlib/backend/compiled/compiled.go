//go:build linux

package compiled

// #cgo LDFLAGS: -ldl
// #include <stdlib.h>
// #include "hook.h"
import "C"

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/gomlx/go-xla/pjrt"
)

// Programs are the compiled programs of one plugin.
type Programs struct {
	slot     C.int
	files    files
	identity string

	compiled, loaded atomic.Int64
}

// wrapped finds a plugin's programs from the hook's slot, and from the plugin's path.
var (
	mu      sync.Mutex
	wrapped []*Programs
	byPath  = map[string]*Programs{}
)

// Wrap makes go-xla use the plugin at path with programs kept in dir. The identity names whatever else decides
// what the plugin compiles a program to: its digest, the processor, XLA_FLAGS. It must come before go-xla
// loads the plugin, and holds for the process: a second call for one path changes nothing.
func Wrap(path, dir, identity string) (*Programs, error) {
	mu.Lock()
	defer mu.Unlock()
	if p := byPath[path]; p != nil {
		return p, nil
	}
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	p := &Programs{files: files{dir: dir, limit: 2 << 30}, identity: identity}
	var why *C.char
	table := C.lpft_wrap(name, &p.slot, &why)
	if table == nil {
		return nil, fmt.Errorf("plugin %s: %s", path, C.GoString(why))
	}
	wrapped = append(wrapped, p)
	if err := pjrt.RegisterPreloadedPlugin(path, uintptr(unsafe.Pointer(table))); err != nil {
		return nil, fmt.Errorf("plugin %s: %w", path, err)
	}
	byPath[path] = p
	return p, nil
}

// Counts are the programs that were compiled, and those that came from the folder, since the process began.
func (p *Programs) Counts() (compiled, loaded int) {
	return int(p.compiled.Load()), int(p.loaded.Load())
}

//export lpftCompile
func lpftCompile(slot C.int, args *C.CompileArgs) *C.Error {
	mu.Lock()
	p := wrapped[slot]
	mu.Unlock()
	name := p.name(args)
	if p.load(name, args) {
		p.loaded.Add(1)
		return nil
	}
	if err := C.lpft_compile(slot, args); err != nil {
		return err
	}
	p.compiled.Add(1)
	p.save(name, args.executable)
	return nil
}

// name hashes what decides the compiled program.
func (p *Programs) name(args *C.CompileArgs) string {
	h := sha256.New()
	part := func(start *C.char, size C.size_t) {
		fmt.Fprintf(h, "%d:", size)
		h.Write(unsafe.Slice((*byte)(unsafe.Pointer(start)), int(size)))
	}
	fmt.Fprintf(h, "%d:%s", len(p.identity), p.identity)
	part(args.program.format, args.program.format_size)
	part(args.options, args.options_size)
	part(args.program.code, args.program.code_size)
	return hex.EncodeToString(h.Sum(nil))
}

// load takes a program from the folder; false where there is none that can be used.
func (p *Programs) load(name string, args *C.CompileArgs) bool {
	content := p.files.read(name)
	if len(content) == 0 {
		return false
	}
	var loaded *C.LoadedExecutable
	err := C.lpft_load(p.slot, args.client, (*C.char)(unsafe.Pointer(&content[0])), C.size_t(len(content)), &loaded)
	if err != nil {
		C.lpft_free_error(p.slot, err)
		return false
	}
	args.executable = loaded
	return true
}

// save writes a program out. Where the plugin or the disk does not let it, the next process compiles again.
func (p *Programs) save(name string, executable *C.LoadedExecutable) {
	var out C.SerializeArgs
	if err := C.lpft_serialize(p.slot, executable, &out); err != nil {
		C.lpft_free_error(p.slot, err)
		return
	}
	defer C.lpft_free_serialized(&out)
	p.files.write(name, unsafe.Slice((*byte)(unsafe.Pointer(out.bytes)), int(out.bytes_size)))
}
