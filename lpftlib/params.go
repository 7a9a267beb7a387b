package lpftlib

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lpft/internal/offline"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
	"lpft/lpftlib/worker"
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

// Open opens the study that params describe. Nothing is computed for it; the verbs ask the worker (package worker).
func Open(params Params) *Study {
	asked, overridden, err := resolve(params)
	profile := Must(study.LoadProfile(Must(asked, err).Profile))
	if len(asked.Seeds) > 0 {
		Must(0, study.CheckSeeds(asked.Seeds))
		profile.Seeds = asked.Seeds
	}
	return &Study{Profile: profile, Seeds: profile.Seeds, Methods: profile.Methods, params: params, overridden: overridden,
		client: worker.New(Must(store.Home()), asked, sink()), ctx: stopping()}
}

// resolve is what the worker is asked about: parameters, or what the environment sets in their place, whose variables it
// names. Paths become absolute, for the worker has another working folder.
func resolve(params Params) (asked worker.Study, overridden []string, err error) {
	get := func(name string) string {
		value := os.Getenv(name)
		if value != "" {
			overridden = append(overridden, name+"="+value)
		}
		return value
	}
	asked = worker.Study{Profile: cmp.Or(get("LPFT_PROFILE"), params.Profile, "demo"), Tasks: slices.Clone(params.Tasks), Seeds: params.Seeds,
		Data: os.Getenv("LPFT_DATA"), Models: os.Getenv("LPFT_MODELS"), Backend: os.Getenv("GOMLX_BACKEND"), Remote: os.Getenv("LPFT_REMOTE"), Offline: offline.Variable() != ""}
	if tasks := get("LPFT_TASKS"); tasks != "" {
		asked.Tasks = strings.Split(tasks, ",")
	}
	if seeds := get("LPFT_SEEDS"); seeds != "" {
		if asked.Seeds, err = study.ParseSeeds(seeds); err != nil {
			return asked, nil, fmt.Errorf("LPFT_SEEDS: %w", err)
		}
	}
	paths := []*string{&asked.Data, &asked.Models}
	files := []*string{&asked.Profile}
	for i := range asked.Tasks {
		files = append(files, &asked.Tasks[i])
	}
	for _, file := range files {
		if *file = strings.TrimSpace(*file); strings.HasSuffix(*file, ".json") {
			paths = append(paths, file)
		}
	}
	for _, path := range paths {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return asked, nil, err
		}
	}
	return asked, overridden, nil
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
		text := strings.ReplaceAll(err.Error(), "\n", " ")
		if errors.Is(err, context.Canceled) {
			text = "stopped; run the cell again to continue"
		}
		fmt.Fprintln(os.Stderr, "lpft: "+text)
		os.Exit(1)
	}
	return value
}
