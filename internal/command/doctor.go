package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"lpft/internal/lab"
	"lpft/internal/module"
	"lpft/lpftlib/backend"
	"lpft/lpftlib/pretrained"
	"lpft/lpftlib/store"
	"lpft/lpftlib/task"
)

func doctorCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "What is there and what is missing for the main job; exit status 1 if it cannot run",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if data == "" {
				data = os.Getenv("LPFT_DATA")
			}
			return examine(cmd.Context(), cmd.OutOrStdout(), data)
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "parent folder of the data sets (default LPFT_DATA)")
	return cmd
}

// check is one subject of the examination: what was found, and the problem that keeps
// the main job from running, "" when there is none.
type check struct{ subject, found, problem string }

// examine prints every check and then one line a problem.
func examine(ctx context.Context, w io.Writer, data string) error {
	home, err := store.Home()
	if err != nil {
		return err
	}
	checks := []check{checkGo(ctx), checkSIMD(), checkHome(home)}
	checks = append(checks, checkBackends()...)
	checks = append(checks, checkLab(ctx, home)...)
	checks = append(checks, checkModel(home)...)
	checks = append(checks, checkData(ctx, data)...)
	var problems problemList
	for _, c := range checks {
		mark := "ok "
		if c.problem != "" {
			mark = "NO "
			problems = append(problems, c.subject+": "+c.problem)
		}
		fmt.Fprintf(w, "%s %-14s %s\n", mark, c.subject, c.found)
	}
	if len(problems) == 0 {
		fmt.Fprintln(w, "everything the main job needs is there: lpft reproduce")
		return nil
	}
	return problems
}

// problemList is an error of several lines, one a problem.
type problemList []string

func (p problemList) Error() string { return strings.Join(p, "; ") }

func checkGo(ctx context.Context) check {
	out, err := exec.CommandContext(ctx, "go", "version").Output()
	if err != nil {
		return check{"Go", "not found", "go is not on PATH; notebooks are compiled with Go 1.26 or newer"}
	}
	return check{"Go", strings.TrimSpace(string(out)), ""}
}

func checkSIMD() check {
	switch {
	case backend.SIMD():
		return check{"SIMD", "in this build", ""}
	case runtime.GOARCH != "amd64":
		return check{"SIMD", "not on " + runtime.GOARCH, ""}
	}
	return check{"SIMD", "not in this build: the go engine is several times slower", ""}
}

// checkHome shows the folder for artefacts and how much room there is. The store in it may be a
// volume of its own, with an owner of its own.
func checkHome(home string) check {
	for _, dir := range []string{home, filepath.Join(home, "store")} {
		if err := tryWriting(dir); err != nil {
			return check{"home", home, fmt.Sprintf("%v; set LPFT_HOME to a folder that user %d can write to", err, os.Getuid())}
		}
	}
	const needed = 3 // GB: Python environment, Go caches, models and artefacts of the demo
	free, known := freeGB(home)
	if !known {
		return check{"home", home, ""}
	}
	c := check{"home", fmt.Sprintf("%s (%.0f GB free)", home, free), ""}
	if free < needed {
		c.problem = fmt.Sprintf("%.1f GB free in %s, %d are needed; set LPFT_HOME to another disk", free, home, needed)
	}
	return c
}

// tryWriting makes a folder where there is none, and a file in it for a moment.
func tryWriting(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("%s cannot be made: %w", dir, err)
	}
	probe, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", dir, err)
	}
	probe.Close()
	return os.Remove(probe.Name())
}

func checkBackends() []check {
	var out []check
	for _, c := range backend.Candidates() {
		note := c.Note
		if c.Err != nil {
			note = "not here: " + c.Err.Error()
		}
		out = append(out, check{"engine", fmt.Sprintf("%-8s %s", c.Engine, note), ""})
	}
	be, err := backend.Open("")
	if err != nil {
		return append(out, check{"backend", "none", err.Error()})
	}
	out = append(out, check{"backend", strings.TrimPrefix(be.Why, "backend ") + ", " + be.Device, ""})
	return append(out, checkPlugin(be)...)
}

// checkPlugin says what native code of somebody else's computes, and how to have another.
func checkPlugin(be *backend.Backend) []check {
	if be.Plugin.SHA256 == "" {
		return nil
	}
	found := fmt.Sprintf("%s, SHA-256 %s", be.Plugin.Source, be.Plugin.SHA256)
	if be.Plugin.Pinned {
		found += ": " + backend.WheelNote
	}
	return []check{{"plugin", found + "; another: lpft backend install cpu --from release, or a folder in " + backend.FoldersVar + "; none: " + backend.EnvVar + "=go", ""}}
}

func checkLab(ctx context.Context, home string) []check {
	root, err := module.Root()
	if err != nil {
		return []check{{"sources", "not found", err.Error()}}
	}
	state, err := lab.Inspect(ctx, lab.Options{Home: home, ModuleRoot: root})
	if err != nil {
		return []check{{"notebooks", "", err.Error()}}
	}
	made := map[bool]string{true: "ready", false: "made at the first use"}
	python := check{"Python", fmt.Sprintf("%s %s", state.Python.Path, state.Python.Version), ""}
	if state.PythonError != nil && !state.VenvReady {
		python = check{"Python", "not found", state.PythonError.Error()}
	}
	kernel := made[state.KernelReady]
	if state.GoNB != "" {
		kernel += ", GoNB " + state.GoNB
	}
	return []check{python, {"JupyterLab", made[state.VenvReady], ""}, {"kernel", "\"" + lab.KernelTitle + "\" " + kernel, ""}}
}

func checkModel(home string) []check {
	var out []check
	for _, s := range pretrained.Sources("minilm", pretrained.Options{ModelsDir: os.Getenv("LPFT_MODELS"), Home: home}) {
		found := "not there"
		if s.Found {
			found = "found"
		}
		out = append(out, check{"model minilm", fmt.Sprintf("%s: %s: %s", s.Source, found, s.Note), ""})
	}
	return out
}

// checkData looks for the demo's tasks in the data folder only: the Hub is asked when they are needed.
func checkData(ctx context.Context, data string) []check {
	var out []check
	for _, id := range []string{"cb", "sst2"} {
		d, err := task.Load(ctx, id, task.Options{Dir: data, Hub: task.HubOptions{Offline: true}})
		if err != nil {
			out = append(out, check{"data " + id, "not in a folder (then the Hub, then the built-in toy task): " + err.Error(), ""})
			continue
		}
		c := d.Counts()
		out = append(out, check{"data " + id, fmt.Sprintf("%d/%d/%d rows from %s", c.Train, c.Val, c.Test, d.Source), ""})
	}
	if data != "" {
		if info, err := os.Stat(data); err != nil || !info.IsDir() {
			abs, _ := filepath.Abs(data)
			out = append(out, check{"data folder", abs, fmt.Sprintf("%s is not a folder; --data and LPFT_DATA name the parent folder of CB/, SST-2/, …", abs)})
		}
	}
	return out
}
