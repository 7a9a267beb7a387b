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
// never downloads anything, never waits for a network, and a bad plugin neither kills
// nor stops it: the file's headers are read first, and then another process tries it.
// [OpenFetching] does the same, but first fetches the processor's plugin where one is wanted
// and none is there; commands start with it, and a notebook's cells find what it left.
// [Install] is the fetching alone.
//
// What XLA has compiled is kept below LPFT_HOME, so that a later process compiles only what
// is new (package compiled). Within a process a backend keeps graphs and pre-trained weights from one step to the
// next ([Backend.Once]).
//
// On amd64 the "go" engine is about seven times faster when the program was built
// with GOEXPERIMENT=simd; [SIMD] tells whether this one was.
//
// A process computes on one device. With several cards, start one process a card and name its
// card in LPFT_DEVICE; the processes share the store.
package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // registers "go"

	"lpft/lpftlib/backend/compiled"
)

// EnvVar names the engine to use: "go", "xla:cpu" or "xla:cuda".
const EnvVar = "GOMLX_BACKEND"

// Backend is an opened engine and what to say about it.
type Backend struct {
	compute.Backend
	Engine string            // "go", "xla:cpu" or "xla:cuda"
	Device string            // the device in the engine's words
	Num    compute.DeviceNum // the device's number in this process; 0 but for host devices of xla:cpu
	TF32   bool              // reduced-precision products on CUDA; only when asked for
	SIMD   bool              // vector instructions in the "go" engine
	Plugin Origin            // of an XLA engine's plugin
	Why    string            // one line: what was chosen and why
	Say    func(line string) // told when something had to be done in another way; standard error

	programs *compiled.Programs // XLA's programs on disk; nil where they are not kept
	mu       sync.Mutex
	kept     []kept // see Once; the last used last
}

// Open opens the engine that spec names ("" means: GOMLX_BACKEND, else the best there is).
//
// A named engine that cannot be opened is an error, not a fall-back: who asks for CUDA
// must not get the processor by accident.
func Open(spec string) (*Backend, error) { return chooser{}.open(spec) }

// chooser opens engines; fetch, if not nil, brings the processor's plugin where there is none.
type chooser struct{ fetch func() error }

func (c chooser) open(spec string) (*Backend, error) {
	why := "asked for by flag"
	if spec == "" {
		spec, why = os.Getenv(EnvVar), "asked for by "+EnvVar
	}
	if spec == "" {
		return c.openBest()
	}
	r, err := parse(spec)
	if err != nil {
		return nil, err
	}
	b, err := c.openEngine(r)
	if err != nil {
		return nil, fmt.Errorf("backend %q cannot be opened: %w", spec, err)
	}
	b.Why = fmt.Sprintf("backend %s (%s%s)", b.Engine, why, b.Plugin.said())
	return b, nil
}

// openBest tries xla:cuda, xla:cpu and go in this order.
func (c chooser) openBest() (*Backend, error) {
	var missed []error
	for _, engine := range []string{"xla:cuda", "xla:cpu", "go"} {
		r, err := parse(engine)
		if err != nil {
			return nil, err
		}
		b, err := c.openEngine(r)
		if err != nil {
			missed = append(missed, fmt.Errorf("%s: %w", engine, err))
			continue
		}
		why := "first that works"
		if engine == "go" {
			why = "built in"
		}
		why += b.Plugin.said()
		if len(missed) > 0 {
			why += "; " + joined(missed).Error()
		}
		b.Why = fmt.Sprintf("backend %s (%s)", engine, why)
		return b, nil
	}
	return nil, fmt.Errorf("no engine can be opened: %w", joined(missed))
}

// openEngine opens one engine.
func (c chooser) openEngine(r request) (*Backend, error) {
	if r.engine == "go" {
		return openGo(r)
	}
	if !hasCgo {
		return nil, ErrNoCgo
	}
	if r.engine == "xla:cuda" {
		if err := r.checkCard(); err != nil {
			return nil, err
		}
	}
	plugins, err := candidates(r.engine)
	if c.fetch != nil && r.engine == "xla:cpu" && errors.Is(err, ErrNoPlugin) {
		if err := c.fetch(); err != nil {
			return nil, err
		}
		plugins, err = candidates(r.engine)
	}
	if err != nil {
		return nil, err
	}
	var failed []error
	for _, p := range plugins {
		b, err := openXLA(r, p)
		if err == nil {
			return b, nil
		}
		failed = append(failed, err)
	}
	return nil, joined(failed)
}

func openGo(r request) (*Backend, error) {
	if r.device > 0 {
		return nil, fmt.Errorf("%w: %s=%d, and the go engine has one", ErrNoDevice, DeviceVar, r.device)
	}
	// The engine's own parallel execution of nodes can block for ever: every worker may
	// wait inside a matrix product for another worker to come free. Nodes run one after
	// the other instead, and callers keep the cores busy with several device batches at
	// once (see Lanes); matrix products still use all cores.
	inner, err := construct("go:ops_sequential")
	if err != nil {
		return nil, err
	}
	return newBackend(r, inner), nil
}

func openXLA(r request, p Plugin) (*Backend, error) {
	if r.engine == "xla:cuda" {
		if err := compileQuickly(); err != nil {
			return nil, err
		}
	}
	config := r.config(p.Path)
	tried, err := probe(p.Path, config)
	if err != nil {
		return nil, err
	}
	programs := keepPrograms(r, p.Path, tried)
	inner, err := construct(config)
	if OutOfMemory(err) {
		return nil, verdict(context.Background(), p.Path, err.Error(), "")
	}
	if err != nil {
		return nil, err
	}
	b := newBackend(r, inner)
	b.programs, b.Plugin = programs, originOf(p.Path, tried.SHA256)
	b.Device = strings.NewReplacer(p.Path+" - ", strings.TrimPrefix(r.engine, "xla:")+" - ", // results name no folder of this machine
		` "`+p.Path+`"`, "", " ("+p.Path+")", "", " (_preloaded_)", "").Replace(b.Device)
	if r.engine == "xla:cpu" && r.device >= 0 {
		if n := inner.NumDevices(); r.device >= n {
			return nil, fmt.Errorf("%w: %s=%d, and xla:cpu has %d (XLA_FLAGS=--xla_force_host_platform_device_count=N makes more)", ErrNoDevice, DeviceVar, r.device, n)
		}
		b.Num = compute.DeviceNum(r.device)
		b.Device += fmt.Sprintf(", device %d", r.device)
	}
	return b, nil
}

func newBackend(r request, inner compute.Backend) *Backend {
	b := &Backend{Backend: inner, Engine: r.engine, Device: inner.Description(), TF32: r.tf32(), SIMD: SIMD()}
	b.Say = func(line string) { fmt.Fprintln(os.Stderr, line) }
	return b
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

// Arithmetic names what decides a result's digits: the engine, and TF32 where products have it. It is part of
// every artefact's key.
func (b *Backend) Arithmetic() string {
	if b.TF32 {
		return b.Engine + ",tf32"
	}
	return b.Engine
}

// Known lists the engines' names.
func Known() []string { return []string{"go", "xla:cpu", "xla:cuda"} }

// listEngines are the engines with what keeps one from being used here.
func listEngines() string {
	var out []string
	for _, c := range Candidates() {
		text := c.Engine
		if c.Err != nil {
			text += " (" + c.Err.Error() + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// Candidate is one engine as `lpft doctor` shows it.
type Candidate struct {
	Engine string
	Note   string // where it comes from
	Err    error  // why it cannot be used; nil when nothing speaks against it
}

// Candidates looks at every engine without loading anything.
func Candidates() []Candidate {
	var out []Candidate
	for _, engine := range []string{"xla:cuda", "xla:cpu"} {
		c := Candidate{Engine: engine}
		plugins, err := candidates(engine)
		if err != nil {
			c.Err = err
		} else {
			c.Note = plugins[0].Path
		}
		if engine == "xla:cuda" {
			if noCard := (request{engine: engine, device: -1}).checkCard(); noCard != nil {
				c.Err = noCard
			}
		}
		out = append(out, c)
	}
	note := "built in, SIMD"
	if !SIMD() {
		note = "built in, without SIMD"
	}
	return append(out, Candidate{Engine: "go", Note: note + ", " + runtime.GOARCH})
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
