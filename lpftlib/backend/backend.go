// Package backend chooses the engine that computes lpft's graphs.
//
// There is one code path and three engines for it:
//
//   - "xla:cuda": XLA on an NVIDIA card, through a PJRT plugin;
//   - "xla:cpu": XLA on the processor, through a PJRT plugin;
//   - "go": GoMLX's pure-Go engine, always there, nothing to install.
//
// [Open] takes the engine that GOMLX_BACKEND (or a flag) names, and otherwise the
// first of that list which works, and says in one line which it took and why. It
// never downloads anything and never waits for a network: plugins are used where
// they lie (PJRT_PLUGIN_LIBRARY_PATH, /usr/local/lib/go-xla, ~/.local/lib/go-xla).
//
// On amd64 the "go" engine is about seven times faster when the program was built
// with GOEXPERIMENT=simd; [SIMD] tells whether this one was.
package backend

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // registers "go"
	"github.com/gomlx/go-xla/compute/xla"  // registers "xla"
	"github.com/gomlx/go-xla/pjrt"
)

// EnvVar names the engine to use: "go", "xla:cpu" or "xla:cuda".
const EnvVar = "GOMLX_BACKEND"

// Backend is an opened engine and what to say about it.
type Backend struct {
	compute.Backend
	Engine string // "go", "xla:cpu" or "xla:cuda"; part of every artefact's key
	Device string // the device in the engine's words
	TF32   bool   // reduced-precision products on CUDA; only when asked for
	SIMD   bool   // vector instructions in the "go" engine
	Why    string // one line: what was chosen and why
}

// Open opens the engine that spec names ("" means: GOMLX_BACKEND, else the best there is).
//
// A named engine that cannot be opened is an error, not a fall-back: who asks for CUDA
// must not get the processor by accident.
func Open(spec string) (*Backend, error) {
	xla.EnableAutoInstall(false)
	why := "asked for by flag"
	if spec == "" {
		spec, why = os.Getenv(EnvVar), "asked for by "+EnvVar
	}
	if spec != "" {
		b, err := open(spec)
		if err != nil {
			return nil, err
		}
		b.Why = fmt.Sprintf("backend %s (%s)", b.Engine, why)
		return b, nil
	}
	return openBest()
}

// openBest tries xla:cuda, xla:cpu and go in this order.
func openBest() (*Backend, error) {
	var missed []string
	for _, engine := range []string{"xla:cuda", "xla:cpu"} {
		if why := absent(engine); why != "" {
			missed = append(missed, engine+": "+why)
			continue
		}
		b, err := open(engine)
		if err == nil {
			b.Why = fmt.Sprintf("backend %s (first that works%s)", engine, list(missed))
			return b, nil
		}
		missed = append(missed, fmt.Sprintf("%s: %v", engine, err))
	}
	b, err := open("go")
	if err != nil {
		return nil, err
	}
	b.Why = fmt.Sprintf("backend go (built in%s)", list(missed))
	return b, nil
}

func list(missed []string) string {
	if len(missed) == 0 {
		return ""
	}
	return "; " + strings.Join(missed, "; ")
}

// open opens one engine; panics inside an engine's constructor become errors.
func open(spec string) (b *Backend, err error) {
	defer func() {
		if r := recover(); r != nil {
			b, err = nil, fmt.Errorf("backend %q cannot be opened: %s", spec, firstLine(fmt.Sprint(r)))
		}
	}()
	engine, _, _ := strings.Cut(spec, ",")
	switch {
	case engine == "go":
	case engine == "xla:cpu" || engine == "xla:cuda":
		if why := absent(engine); why != "" {
			return nil, fmt.Errorf("backend %q cannot be opened: %s; use GOMLX_BACKEND=go or put a PJRT plugin into PJRT_PLUGIN_LIBRARY_PATH", engine, why)
		}
	default:
		return nil, fmt.Errorf("backend %q is not known: there are %s", spec, strings.Join(Known(), ", "))
	}
	config := spec
	tf32 := false
	if engine == "go" {
		// The engine's own parallel execution of nodes can block for ever: every worker may
		// wait inside a matrix product for another worker to come free. Nodes run one after
		// the other instead, and callers keep the cores busy with several device batches at
		// once (see Lanes); matrix products still use all cores.
		config = "go:ops_sequential"
	}
	if engine == "xla:cuda" {
		tf32 = strings.Contains(spec, "tf32=true")
		if !strings.Contains(spec, "tf32=") {
			config += ",tf32=false"
		}
	}
	inner, err := compute.NewWithConfig(config)
	if err != nil {
		return nil, fmt.Errorf("backend %q cannot be opened: %s", spec, firstLine(err.Error()))
	}
	return &Backend{Backend: inner, Engine: engine, Device: inner.Description(), TF32: tf32, SIMD: SIMD()}, nil
}

// Lanes is how many device batches a caller should have under way at once: several on the
// "go" engine, whose nodes run one after the other, one on XLA, which is parallel inside.
// The number is the same on every machine, so that sums over lanes have the same bits.
func (b *Backend) Lanes() int {
	if b.Engine == "go" {
		return 4
	}
	return 1
}

// absent says why an XLA engine cannot be there, "" when it may be.
func absent(engine string) string {
	_, plugin, _ := strings.Cut(engine, ":")
	if plugin == "cuda" && !hasCard() {
		return "no NVIDIA card"
	}
	if !slices.ContainsFunc(plugins(), func(name string) bool { return name == plugin || strings.HasPrefix(name, plugin) }) {
		return "no PJRT plugin"
	}
	return ""
}

// plugins lists the PJRT plugins that lie on this machine.
func plugins() []string {
	var names []string
	for name := range pjrt.AvailablePlugins() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func hasCard() bool {
	cards, _ := filepath.Glob("/dev/nvidia[0-9]*")
	return len(cards) > 0
}

// Known lists the engines' names.
func Known() []string { return []string{"go", "xla:cpu", "xla:cuda"} }

// Candidate is one engine as `lpft doctor` shows it.
type Candidate struct {
	Engine string
	OK     bool
	Note   string
}

// Candidates looks at every engine without opening it.
func Candidates() []Candidate {
	out := []Candidate{}
	for _, engine := range []string{"xla:cuda", "xla:cpu"} {
		why := absent(engine)
		note := why
		if why == "" {
			note = "plugin found"
		}
		out = append(out, Candidate{Engine: engine, OK: why == "", Note: note})
	}
	note := "built in, SIMD"
	if !SIMD() {
		note = "built in, without SIMD"
	}
	return append(out, Candidate{Engine: "go", OK: true, Note: note + ", " + runtime.GOARCH})
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
