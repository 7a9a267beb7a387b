package lpftlib

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"lpft/lpftlib/progress"
	"lpft/lpftlib/study"
)

// Params are a notebook's parameters, its first cell. The environment wins over them, so that
// a headless run can set LPFT_PROFILE, LPFT_TASKS and LPFT_SEEDS.
type Params struct {
	Profile string   // "demo", "smoke", "paper", or a path to one of your own
	Tasks   []string // nil: the profile's
	Seeds   []uint64 // nil: the profile's
	// Colors of curves and bars by their name in the legend, "#rrggbb". Nothing is computed anew for them.
	Colors map[string]string
}

// Session is an open study with verbs for notebooks.
type Session struct {
	*study.Session
	ctx context.Context
}

// Open opens the study that params describe.
func Open(params Params) *Session {
	opt := study.Options{Profile: params.Profile, Tasks: params.Tasks, Seeds: params.Seeds, Progress: sink(), Say: func(string) {}}
	overrideFromEnvironment(&opt)
	// An interrupted cell leaves a checkpoint instead of dying in the middle of a step.
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx = withColors(ctx, params.Colors)
	s, err := study.Open(ctx, opt)
	if err != nil {
		fail(err)
	}
	return &Session{Session: s, ctx: ctx}
}

// overrideFromEnvironment empties what the environment sets, so that study reads it there.
func overrideFromEnvironment(opt *study.Options) {
	if os.Getenv("LPFT_PROFILE") != "" {
		opt.Profile = ""
	}
	if os.Getenv("LPFT_TASKS") != "" {
		opt.Tasks = nil
	}
	if os.Getenv("LPFT_SEEDS") != "" {
		opt.Seeds = nil
	}
}

// sink shows progress in the notebook, and in the file that a headless run follows.
func sink() progress.Sink {
	path := os.Getenv(progress.EnvFile)
	if path == "" {
		return progress.Notebook()
	}
	file, err := progress.File(path)
	if err != nil {
		fail(err)
	}
	return progress.Many(progress.Notebook(), file)
}

// fail ends the cell with one line.
func fail(err error) {
	fmt.Fprintln(os.Stderr, "lpft: "+strings.ReplaceAll(err.Error(), "\n", " "))
	os.Exit(1)
}

// must unwraps a verb's result or ends the cell.
func must[T any](value T, err error) T {
	if err != nil {
		fail(err)
	}
	return value
}

// EachTask calls f for every task of the study.
func (s *Session) EachTask(f func(task string)) {
	for _, id := range must(s.Tasks(s.ctx)) {
		f(id)
	}
}

// EachRun calls f for every task and seed of the study.
func (s *Session) EachRun(f func(task string, seed uint64)) {
	s.EachTask(func(task string) {
		for _, seed := range s.Profile.Seeds {
			f(task, seed)
		}
	})
}

// EachTraining calls f for every task, method with an FT stage, and seed of the study.
func (s *Session) EachTraining(f func(task string, m study.Method, seed uint64)) {
	s.EachTask(func(task string) {
		for _, m := range s.Profile.Methods {
			if m == study.Pretrained || m == study.LP {
				continue
			}
			for _, seed := range s.Profile.Seeds {
				f(task, m, seed)
			}
		}
	})
}
