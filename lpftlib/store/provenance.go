package store

import (
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// Provenance says how a result came to be: enough to judge it and to make it again. It stands
// in an artefact's manifest and beside every table and figure.
type Provenance struct {
	Config      any               `json:"config,omitempty"` // the step's inputs or the profile
	Seed        *uint64           `json:"seed,omitempty"`   // nil where nothing is random
	Profile     string            `json:"profile,omitempty"`
	Task        string            `json:"task,omitempty"`
	TaskDigest  string            `json:"task_digest,omitempty"`
	TaskSource  string            `json:"task_source,omitempty"` // where the data came from, in words
	Model       string            `json:"model,omitempty"`
	ModelDigest string            `json:"model_digest,omitempty"`
	ModelSource string            `json:"model_source,omitempty"` // where the weights came from, in words
	Backend     string            `json:"backend,omitempty"`      // "go", "xla:cpu" or "xla:cuda"
	Device      string            `json:"device,omitempty"`
	Plugin      string            `json:"plugin,omitempty"`        // where XLA's plugin came from
	PluginSHA   string            `json:"plugin_sha256,omitempty"` // of its file
	TF32        bool              `json:"tf32"`                    // reduced-precision products on CUDA
	SIMD        bool              `json:"simd"`                    // vector instructions in the "go" backend
	Go          string            `json:"go"`                      // version of the compiler
	OS          string            `json:"os"`
	Arch        string            `json:"arch"`
	CPUs        int               `json:"cpus"` // that the process may use
	Modules     map[string]string `json:"modules,omitempty"`
	Commit      string            `json:"commit,omitempty"`      // of this module's source; empty where unknown
	Dirty       bool              `json:"dirty"`                 // the source had uncommitted changes
	Started     time.Time         `json:"started"`               // UTC
	Seconds     float64           `json:"seconds"`               // from NewProvenance to Finish
	PeakMemory  int64             `json:"peak_memory,omitempty"` // bytes resident at most, of the process so far; 0 where the system does not say
}

// NewProvenance records the start, the program and its source. The commit is the one that the
// program was built from if the build noted it, else the one checked out where this package's
// source lies.
func NewProvenance() *Provenance {
	p := &Provenance{
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.GOMAXPROCS(0),
		Started: time.Now().UTC(),
	}
	info, ok := debug.ReadBuildInfo()
	if ok {
		p.Modules = modules(info)
		p.Commit, p.Dirty = builtFrom(info)
	}
	if p.Commit == "" {
		p.Commit, p.Dirty = checkedOut(sourceFile())
	}
	return p
}

// Finish records duration and peak memory, and returns p.
func (p *Provenance) Finish() *Provenance {
	p.Seconds = time.Since(p.Started).Seconds()
	p.PeakMemory = peakMemory()
	return p
}

// decisive are the modules whose version may change a number.
var decisive = []string{"github.com/gomlx/", "gonum.org/v1/", "golang.org/x/text", "github.com/parquet-go/parquet-go"}

// modules are the versions of the decisive modules in the program. A module replaced by a
// folder has the version of its replacement, or "(devel)".
func modules(info *debug.BuildInfo) map[string]string {
	versions := map[string]string{}
	for _, m := range info.Deps {
		for _, prefix := range decisive {
			if strings.HasPrefix(m.Path, prefix) || holdsThis(m.Path) {
				versions[m.Path] = version(m)
			}
		}
	}
	return versions
}

// holdsThis says whether this package belongs to the module.
func holdsThis(module string) bool {
	return strings.HasPrefix(reflect.TypeFor[Store]().PkgPath(), module+"/")
}

func version(m *debug.Module) string {
	if m.Replace != nil {
		m = m.Replace
	}
	if m.Version == "" {
		return "(devel)"
	}
	return m.Version
}

// builtFrom is the commit noted in the program, if the program is one of this module: for
// another one it is the commit of that one's source.
func builtFrom(info *debug.BuildInfo) (commit string, dirty bool) {
	if !holdsThis(info.Main.Path) {
		return "", false
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = s.Value
		case "vcs.modified":
			dirty = s.Value == "true"
		}
	}
	return commit, dirty
}
