package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lpft/internal/lab"
	"lpft/lpftlib/items"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/progress/terminal"
	"lpft/lpftlib/session"
	"lpft/lpftlib/store"
)

// executed is a notebook after its headless run.
type executed struct {
	notebook string
	seconds  float64
	state    string // "fresh" when something was computed for it, else "cached"
}

// executionRecord lies beside an executed notebook and says what it was made from.
type executionRecord struct {
	Key     string  `json:"key"`
	Output  string  `json:"output"` // digest of the executed notebook
	Seconds float64 `json:"seconds"`
}

// executeOnce runs a notebook, unless its last run is still what a run would give: the same notebook, sources,
// profile, tasks, data, model and engine, with every result in the store. Compiling the cells alone takes
// ten seconds a notebook.
func (r *reproduction) executeOnce(ctx context.Context, env *lab.Env, s *session.Session, item items.Item) (executed, error) {
	out := filepath.Join(r.home, "executed", r.profileName(), item.Notebook)
	key, complete, err := r.executionKey(ctx, s, item)
	if err != nil {
		return executed{}, err
	}
	if record, ok := readRecord(out); ok && complete && record.Key == key {
		say(fmt.Sprintf("%s: as it was executed before, nothing that it shows has changed", item.Notebook))
		return executed{notebook: out, seconds: record.Seconds, state: "cached"}, nil
	}
	run, err := r.executeLogged(ctx, env, s, item, out)
	if err != nil {
		return run, err
	}
	return run, writeRecord(out, key, run.seconds)
}

// executionKey is the digest of all that an executed notebook shows; complete is false where a result is missing
// in the store.
func (r *reproduction) executionKey(ctx context.Context, s *session.Session, item items.Item) (key string, complete bool, err error) {
	steps, err := item.Needs(ctx, s)
	if err != nil {
		return "", false, err
	}
	complete = true
	var keys []string
	for _, step := range steps {
		keys = append(keys, step.Key)
		complete = complete && step.Cached
	}
	model, err := s.Model(ctx)
	if err != nil {
		return "", false, err
	}
	be, err := s.Backend()
	if err != nil {
		return "", false, err
	}
	var data []string
	ids, err := s.Tasks(ctx)
	if err != nil {
		return "", false, err
	}
	for _, id := range ids {
		d, err := s.Data(ctx, id)
		if err != nil {
			return "", false, err
		}
		data = append(data, id+" "+d.Digest)
	}
	notebook, err := store.DigestFile(filepath.Join(r.root, "notebooks", item.Notebook))
	if err != nil {
		return "", false, err
	}
	sources, err := sourcesDigest(r.root)
	if err != nil {
		return "", false, err
	}
	key, err = store.DigestJSON(map[string]any{"notebook": notebook, "sources": sources, "profile": s.Profile, "model": model.Digest,
		"data": data, "engine": be.Arithmetic(), "steps": keys})
	return key, complete, err
}

// sourcesDigest is the digest of everything that a cell is compiled from: the module's files, tests apart.
func sourcesDigest(root string) (string, error) {
	digests := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := e.Name()
		if e.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		compiled := slices.Contains([]string{".go", ".mod", ".sum", ".json", ".tmpl", ".css", ".js"}, filepath.Ext(name))
		if !compiled || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		digests[path[len(root):]], err = store.DigestFile(path)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("sources in %s: %w", root, err)
	}
	return store.DigestJSON(digests)
}

func recordPath(out string) string { return out + ".json" }

// readRecord reads the record of an executed notebook; ok is false where there is none, or where the notebook is
// not the one that the record is about.
func readRecord(out string) (record executionRecord, ok bool) {
	text, err := os.ReadFile(recordPath(out))
	if err != nil || json.Unmarshal(text, &record) != nil {
		return record, false
	}
	digest, err := store.DigestFile(out)
	return record, err == nil && digest == record.Output
}

func writeRecord(out, key string, seconds float64) error {
	digest, err := store.DigestFile(out)
	if err != nil {
		return err
	}
	text, err := json.Marshal(executionRecord{Key: key, Output: digest, Seconds: seconds})
	if err != nil {
		return err
	}
	return store.WriteFileAtomic(recordPath(out), text)
}

// executeLogged runs a notebook and looks in the store's log whether it computed anything.
func (r *reproduction) executeLogged(ctx context.Context, env *lab.Env, s *session.Session, item items.Item, out string) (executed, error) {
	began := time.Now()
	before, err := s.Store.Log()
	if err != nil {
		return executed{}, err
	}
	if err := r.executeNotebook(ctx, env, item, out); err != nil {
		return executed{}, err
	}
	after, err := s.Store.Log()
	if err != nil {
		return executed{}, err
	}
	state := "cached"
	for _, e := range after[len(before):] {
		if e.What != store.Reused {
			state = "fresh"
		}
	}
	return executed{notebook: out, seconds: time.Since(began).Seconds(), state: state}, nil
}

// executeNotebook runs one notebook headless and shows its cells' progress as our own.
func (r *reproduction) executeNotebook(ctx context.Context, env *lab.Env, item items.Item, out string) error {
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	dir, end, err := env.Scratch()
	if err != nil {
		return err
	}
	defer end()
	feed := filepath.Join(dir, "progress.jsonl")
	followed, stop := context.WithCancel(ctx)
	finished := make(chan error, 1)
	go func() { finished <- progress.Follow(followed, feed, terminal.Sink(os.Stderr)) }()
	err = env.Execute(ctx, filepath.Join(r.root, "notebooks", item.Notebook), out, lab.ExecuteOptions{
		Env: r.environment(feed),
		OnCell: func(i, n int, _ string) {
			say(fmt.Sprintf("%s: cell %d of %d", item.Notebook, i, n))
		},
	})
	stop()
	if followErr := <-finished; err == nil {
		err = followErr
	}
	return err
}
