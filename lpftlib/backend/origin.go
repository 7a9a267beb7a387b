package backend

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"lpft/lpftlib/backend/compiled"
	"lpft/lpftlib/store"
)

// Origin says what plugin computed: native code from somebody else, so every result names it.
type Origin struct {
	Source string // "PyPI wheel … (…)" where the file is the pinned one, else its path
	SHA256 string // of the file; "" for the go engine, which has no plugin
	Pinned bool   // it is the library of the pinned wheel
}

// said is the origin as a part of a line.
func (o Origin) said() string {
	if o.SHA256 == "" {
		return ""
	}
	return "; plugin: " + o.Source
}

// WheelNote says what the pinned wheel is, and whose word that is.
const WheelNote = "by its packager's own words an unmodified build of zml/pjrt-artifacts, which lpft's authors could not compare with the original"

func originOf(path, digest string) Origin {
	if w, err := cpuWheel(); err == nil && digest == w.digest {
		return Origin{w.String(), digest, true}
	}
	return Origin{path, digest, false}
}

// keepPrograms has what the plugin compiles kept on disk, for the plugins that can write programs out. XLA
// compiles for one kind of device, which is part of a program's name.
func keepPrograms(r request, path string, t trial) *compiled.Programs {
	home, err := store.Home()
	device := compiledFor(r)
	if device == "" || err != nil {
		return nil
	}
	identity := fmt.Sprintf("%s\n%s\n%s", t.SHA256, device, os.Getenv("XLA_FLAGS"))
	programs, err := compiled.Wrap(path, filepath.Join(home, "programs"), identity)
	if err != nil {
		return nil // this plugin cannot write programs out: each process compiles its own
	}
	return programs
}

// compiledFor names what XLA compiles for: the processor and its threads, or the cards and their driver. It is
// "" where the system does not say.
func compiledFor(r request) string {
	if r.engine == "xla:cpu" {
		return fmt.Sprintf("%s\n%d %s", processor(), runtime.NumCPU(), os.Getenv("NPROC"))
	}
	return cards("/proc/driver/nvidia")
}

// cards are the models of this machine's cards and the version of their driver, below NVIDIA's folder in /proc.
func cards(dir string) string {
	driver, err := os.ReadFile(filepath.Join(dir, "version"))
	if err != nil {
		return ""
	}
	files, _ := filepath.Glob(filepath.Join(dir, "gpus", "*", "information"))
	out := []string{string(driver)}
	for _, file := range files {
		info, _ := os.ReadFile(file)
		for line := range strings.Lines(string(info)) {
			if strings.HasPrefix(line, "Model:") {
				out = append(out, line)
			}
		}
	}
	return strings.Join(out, "")
}

// processor is the model and the instructions of this machine's processor, as far as the system says.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	var out []string
	for line := range strings.Lines(string(info)) {
		if strings.TrimSpace(line) == "" {
			break // the first processor speaks for all
		}
		if strings.HasPrefix(line, "model name") || strings.HasPrefix(line, "flags") || strings.HasPrefix(line, "Features") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

// Programs counts what XLA compiled in this process, and what it found compiled on disk. Kept tells whether
// programs are kept at all.
func (b *Backend) Programs() (compiled, loaded int, kept bool) {
	if b.programs == nil {
		return 0, 0, false
	}
	compiled, loaded = b.programs.Counts()
	return compiled, loaded, true
}
