package lab

import (
	"context"
	"debug/buildinfo"
	"os"
)

// State is what is ready for notebooks, as `lpft doctor` shows it.
type State struct {
	Home        string
	Python      Python // the interpreter that would make the environment; zero when there is none
	PythonError error
	VenvReady   bool   // the Python environment is made and current
	KernelReady bool   // the Go kernel is built and current
	GoNB        string // GoNB's version, "" when not built
}

// Inspect looks at what is there, and makes nothing.
func Inspect(ctx context.Context, o Options) (State, error) {
	e, err := open(o)
	if err != nil {
		return State{}, err
	}
	want, err := wantedStamps(e.ModuleRoot)
	if err != nil {
		return State{}, err
	}
	s := State{Home: e.Home}
	s.Python, s.PythonError = FindPython(ctx, o.Python)
	s.VenvReady = e.venvReady(want.venv)
	s.KernelReady = e.stamp(toolsStamp) == want.tools
	s.GoNB = e.gonbVersion()
	return s, nil
}

// venvReady also notices that the Python below the environment has been removed.
func (e *Env) venvReady(stamp string) bool {
	_, err := os.Stat(e.python())
	return err == nil && e.stamp(venvStamp) == stamp
}

// gonbVersion is the version of the module that the program was built from (its own -V lags behind).
func (e *Env) gonbVersion() string {
	info, err := buildinfo.ReadFile(e.path("bin", "gonb"))
	if err != nil {
		return ""
	}
	return info.Main.Version
}
