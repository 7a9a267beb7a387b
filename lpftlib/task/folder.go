package task

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// fromFolder reads a task from the original files below dir.
func fromFolder(t *Task, dir string) (*Data, error) {
	if dir == "" {
		return nil, &absentError{"no data folder was given"}
	}
	if info, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("data folder %s: %w", dir, err)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("data folder %s is not a folder", dir)
	}
	missed := fmt.Sprintf("no folder %s in %s", strings.Join(t.folders, " or "), dir)
	for _, name := range t.folders {
		folder, ok := below(dir, name)
		if !ok {
			continue
		}
		for _, set := range t.files {
			missing := ""
			for _, file := range set.names() {
				if _, ok := below(folder, file); !ok {
					missing = file
					break
				}
			}
			if missing == "" {
				return loadFolder(t, set, folder)
			}
			if set.format == t.files[0].format { // speak of the preferred form
				missed = fmt.Sprintf("%s has no %s", folder, missing)
			}
		}
	}
	return nil, &absentError{missed + standIn(t, dir)}
}

func loadFolder(t *Task, set fileSet, folder string) (*Data, error) {
	d, err := set.load(t, func(name string) string {
		path, _ := below(folder, name)
		return path
	})
	if err == nil {
		d.Source = "folder " + folder
	}
	return d, err
}

// standIn mentions a stand-in for t that dir holds, "" if there is none.
func standIn(t *Task, dir string) string {
	s, err := Get(t.ID + "-standin")
	if err != nil {
		return ""
	}
	if _, ok := below(dir, s.folders[0]); !ok {
		return ""
	}
	return fmt.Sprintf(" (the stand-in %s is there)", s.ID)
}

// below finds dir/name, where name may hold slashes. Upper and lower case,
// hyphens and underscores make no difference, an exact match goes first.
func below(dir, name string) (string, bool) {
	for _, element := range strings.Split(name, "/") {
		exact := filepath.Join(dir, element)
		if _, err := os.Stat(exact); err == nil {
			dir = exact
			continue
		}
		entries, err := os.ReadDir(dir) // sorted by name
		if err != nil {
			return "", false
		}
		found := false
		for _, e := range entries {
			if plain(e.Name()) == plain(element) {
				dir, found = filepath.Join(dir, e.Name()), true
				break
			}
		}
		if !found {
			return "", false
		}
	}
	return dir, true
}

func plain(name string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name))
}
