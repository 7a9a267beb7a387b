package backend

import (
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"lpft/lpftlib/store"
)

// Plugin is the file of a PJRT plugin on this machine.
type Plugin struct {
	Engine string // "xla:cpu" or "xla:cuda"
	Path   string
	Err    error // why the file cannot be loaded here; nil when nothing speaks against it
}

// Go-xla's names: the variable that lists folders of plugins, and the function that makes a library a plugin.
const (
	FoldersVar  = "PJRT_PLUGIN_LIBRARY_PATH"
	apiFunction = "GetPjrtApi"
)

// Folders are where plugins are looked for: the folders in PJRT_PLUGIN_LIBRARY_PATH and no others when it is
// set, else those that go-xla looks into, LD_LIBRARY_PATH, and the one that lpft keeps its own in.
func Folders() []string {
	if list, set := os.LookupEnv(FoldersVar); set {
		return nonEmpty(filepath.SplitList(list))
	}
	var out []string
	if home, err := os.UserHomeDir(); err == nil {
		out = append(out, filepath.Join(home, ".local", "lib", "go-xla"))
	}
	out = append(out, "/usr/local/lib/go-xla")
	for _, dir := range slices.Clone(out) {
		out = append(out, filepath.Join(dir, "nvidia"))
	}
	out = append(out, nonEmpty(filepath.SplitList(os.Getenv("LD_LIBRARY_PATH")))...)
	if dir, err := ownFolder(); err == nil {
		out = append(out, filepath.Join(dir, "cpu"))
	}
	return out
}

// foldersGiven tells whether the user says where plugins are.
func foldersGiven() bool {
	_, set := os.LookupEnv(FoldersVar)
	return set
}

// ownFolder is where lpft keeps plugins, and what it knows of them.
func ownFolder() (string, error) {
	home, err := store.Home()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, "plugins"), nil
}

func nonEmpty(list []string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// pluginName finds the platform in the name of a plugin's file, which may carry a version:
// pjrt_c_api_cpu_v0.104.0_plugin.so.
var pluginName = regexp.MustCompile(`^pjrt[-_](?:c_api_|plugin[-_])(cpu|cuda)(?:1[0-9])?(?:[-_]v?[0-9.]+)?(?:_plugin)?\.(?:so|dylib)$`)

// Plugins lists the plugins there are, in the order in which they are tried.
func Plugins() []Plugin {
	var out []Plugin
	seen := map[string]bool{} // the plain name is often a link to one with a version
	for _, dir := range Folders() {
		entries, _ := os.ReadDir(dir) // a folder that is not there holds none
		slices.SortStableFunc(entries, func(a, b os.DirEntry) int {
			return cmp.Compare(len(a.Name()), len(b.Name())) // the plain name before versions
		})
		for _, entry := range entries {
			found := pluginName.FindStringSubmatch(entry.Name())
			if found == nil {
				continue
			}
			path, err := filepath.Abs(filepath.Join(dir, entry.Name()))
			if real, linked := filepath.EvalSymlinks(path); linked == nil {
				if seen[real] {
					continue
				}
				seen[real] = true
			}
			if err == nil {
				err = checkFile(path)
			}
			out = append(out, Plugin{Engine: "xla:" + found[1], Path: path, Err: err})
		}
	}
	return out
}

// checkFile reads the file's headers, so that loading it does not have to fail: the loader
// says little about a wrong file, and a truncated one kills the process that maps it.
func checkFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("plugin %s: %w", path, err)
	}
	defer f.Close()
	if runtime.GOOS != "linux" {
		return nil // other formats: loading them in a process of its own must do
	}
	if err := checkELF(f); err != nil {
		return fmt.Errorf("plugin %s: %w", path, err)
	}
	return nil
}

// machines are the ELF codes of the processors that Go calls so.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

func checkELF(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fmt.Errorf("%w but a folder", ErrNotPlugin)
	}
	var head elf.Header64
	err = binary.Read(io.NewSectionReader(f, 0, info.Size()), binary.LittleEndian, &head)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: it has %d bytes; fetch it again", ErrTruncated, info.Size())
	case err != nil:
		return err
	case string(head.Ident[:4]) != elf.ELFMAG:
		return fmt.Errorf("%w: no shared library", ErrNotPlugin)
	}
	want, known := machines[runtime.GOARCH]
	if got := elf.Machine(head.Machine); known && got != want {
		return fmt.Errorf("%w: %s, this one is %s; install the plugin for %s", ErrArch, got, want, runtime.GOARCH)
	}
	if end := int64(head.Shoff) + int64(head.Shnum)*int64(head.Shentsize); end > info.Size() {
		return fmt.Errorf("%w: it has %d bytes of at least %d; fetch it again", ErrTruncated, info.Size(), end)
	}
	return checkContent(f, info.Size())
}

// checkContent looks for the segments' ends, and for the one function that makes a library a plugin.
func checkContent(f io.ReaderAt, size int64) error {
	lib, err := elf.NewFile(f)
	if err != nil {
		return fmt.Errorf("%w: %v", ErrNotPlugin, err)
	}
	for _, p := range lib.Progs {
		if end := p.Off + p.Filesz; p.Type == elf.PT_LOAD && end > uint64(size) {
			return fmt.Errorf("%w: it has %d bytes of at least %d; fetch it again", ErrTruncated, size, end)
		}
	}
	symbols, err := lib.DynamicSymbols()
	if err != nil {
		return fmt.Errorf("%w: %v", ErrNotPlugin, err)
	}
	exports := func(s elf.Symbol) bool { return s.Name == apiFunction && s.Section != elf.SHN_UNDEF }
	if !slices.ContainsFunc(symbols, exports) {
		return fmt.Errorf("%w: it does not export %s", ErrNotPlugin, apiFunction)
	}
	return nil
}

// candidates are the plugins of an engine that can be loaded, or an error that says what is
// wrong with each.
func candidates(engine string) ([]Plugin, error) {
	var good []Plugin
	var bad []error
	for _, p := range Plugins() {
		switch {
		case p.Engine != engine:
		case p.Err != nil:
			bad = append(bad, p.Err)
		default:
			good = append(good, p)
		}
	}
	if len(good) > 0 {
		return good, nil
	}
	if len(bad) > 0 {
		return nil, joined(bad)
	}
	if list, set := os.LookupEnv(FoldersVar); set {
		return nil, fmt.Errorf("%w in %s=%s", ErrNoPlugin, FoldersVar, list)
	}
	_, kind, _ := strings.Cut(engine, ":")
	return nil, fmt.Errorf("%w (lpft backend install %s)", ErrNoPlugin, kind)
}

// joined is several errors in one line.
func joined(list []error) error {
	if len(list) == 1 {
		return list[0]
	}
	texts := make([]any, len(list))
	for i, err := range list {
		texts[i] = err
	}
	return fmt.Errorf(strings.TrimSuffix(strings.Repeat("%w; ", len(list)), "; "), texts...)
}
