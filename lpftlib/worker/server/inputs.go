package server

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"lpft/lpftlib/study"
	"lpft/lpftlib/task"
	"lpft/lpftlib/worker"
)

// stateOf is the state of the files that a session of a study reads: profile, task files with their rows, data and models. A
// kept session is used only where it is as it was, so that a changed file shows in the next cell.
func stateOf(s worker.Study, home string) string {
	var b strings.Builder
	files := s.Tasks
	if p, err := study.LoadProfile(s.Profile); err == nil { // the session says what is wrong with it
		for _, plan := range p.Tasks {
			files = append(files[:len(files):len(files)], plan.File)
		}
		below(&b, p.Model, 1)
	}
	note(&b, s.Profile)
	for _, file := range files {
		note(&b, file)
		for _, rows := range rowsOf(file) {
			note(&b, rows)
		}
	}
	below(&b, s.Data, 3)
	below(&b, s.Models, 2)
	below(&b, filepath.Join(home, "models"), 2)
	return b.String()
}

// note writes a file's state, if there is one of that name.
func note(b *strings.Builder, file string) {
	if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
		fmt.Fprintln(b, file, info.Size(), info.ModTime().UnixNano())
	}
}

// below notes what lies in a folder, so many levels deep.
func below(b *strings.Builder, dir string, levels int) {
	if !filepath.IsAbs(dir) { // no folder, but a name, or none
		return
	}
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // what cannot be read is the session's to tell
		case e.IsDir() && strings.Count(path[len(dir):], string(filepath.Separator)) >= levels:
			return fs.SkipDir
		}
		note(b, path)
		return nil
	})
}

// rowsOf are the files that a task file names.
func rowsOf(file string) (rows []string) {
	if !strings.HasSuffix(file, ".json") {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var own task.OwnTask
	if json.Unmarshal(text, &own) != nil {
		return nil
	}
	for _, name := range []string{own.Files.Train, own.Files.Val, own.Files.Test} {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(file), name)
		}
		rows = append(rows, name)
	}
	return rows
}
