package lpftlib

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"lpft/lpftlib/progress"
	"lpft/lpftlib/session"
)

// Params are a notebook's parameters, its first cell. LPFT_PROFILE, LPFT_TASKS and LPFT_SEEDS in the
// environment win over them, for headless runs; [Display] of the study names those that do.
type Params struct {
	Profile string   // "demo", "smoke", "laptop", "paper", or a path to one of your own
	Tasks   []string // ids, or paths of task files; nil: the profile's
	Seeds   []uint64 // nil: the profile's
	// Colors of curves and bars by their name in the legend, "#rrggbb". Nothing is computed anew for them.
	Colors map[string]string
}

// Open opens the study that params describe.
func Open(params Params) *Study {
	opt := session.Options{Profile: params.Profile, Tasks: params.Tasks, Seeds: params.Seeds, Progress: sink(), Say: func(string) {}}
	overridden := override(&opt)
	// An interrupted cell leaves a checkpoint instead of dying in the middle of a step; a second interrupt ends it at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	s := Must(session.Open(ctx, opt))
	return &Study{Seeds: s.Profile.Seeds, Methods: s.Profile.Methods, session: s, ctx: ctx, colors: params.Colors, overridden: overridden}
}

// override empties what the environment sets, so that study reads it there, and names those variables.
func override(opt *session.Options) (names []string) {
	for _, v := range []struct {
		name  string
		empty func()
	}{
		{"LPFT_PROFILE", func() { opt.Profile = "" }},
		{"LPFT_TASKS", func() { opt.Tasks = nil }},
		{"LPFT_SEEDS", func() { opt.Seeds = nil }},
	} {
		if value := os.Getenv(v.name); value != "" {
			v.empty()
			names = append(names, v.name+"="+value)
		}
	}
	return names
}

// sink shows progress in the notebook, and in the file that a headless run follows.
func sink() progress.Sink {
	path := os.Getenv(progress.EnvFile)
	if path == "" {
		return progress.Notebook()
	}
	return progress.Many(progress.Notebook(), Must(progress.File(path)))
}

// Must unwraps what a function of the packages below returns: where it failed, the cell ends with one line.
func Must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "lpft: "+strings.ReplaceAll(err.Error(), "\n", " "))
		os.Exit(1)
	}
	return value
}
