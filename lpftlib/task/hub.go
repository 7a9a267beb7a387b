package task

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"lpft/internal/huggingface"
)

// hubSet says where a task lies on the Hub.
type hubSet struct {
	repo, revision string // revision is a commit
	files          fileSet
	atSigns        bool   // numbers are to be replaced by @
	note           string // how it differs from the original files, "" where it does not
}

func (h *hubSet) String() string { return fmt.Sprintf("Hub %s@%.12s", h.repo, h.revision) }

// fromHub reads a task from the Hub's cache or, where that lacks a file, from the Hub.
func fromHub(ctx context.Context, t *Task, o HubOptions) (*Data, error) {
	if t.hub == nil {
		return nil, &absentError{"it is not on the Hub"}
	}
	cache := cmp.Or(o.CacheDir, huggingface.CacheDir())
	folder := filepath.Join(cache, huggingface.FolderName(huggingface.Datasets, t.hub.repo), "snapshots", t.hub.revision)
	if !holdsAll(folder, t.hub.files.names()) {
		if o.Offline {
			return nil, &absentError{fmt.Sprintf("%s: not in the cache %s, and offline", t.hub, cache)}
		}
		if name := huggingface.Offline(); name != "" {
			return nil, &absentError{fmt.Sprintf("%s: not in the cache %s, and %s is set", t.hub, cache, name)}
		}
		if err := download(ctx, t.hub, cache, o.Endpoint); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, &absentError{fmt.Sprintf("%s: %v", t.hub, err)}
		}
	}
	d, err := t.hub.files.load(t, func(name string) string { return filepath.Join(folder, filepath.FromSlash(name)) })
	if err != nil {
		return nil, err
	}
	if t.hub.atSigns {
		d.replaceNumbers()
	}
	d.Source = fmt.Sprintf("Hub %s@%s", t.hub.repo, t.hub.revision)
	if t.hub.note != "" {
		d.Source += " (" + t.hub.note + ")"
	}
	return d, nil
}

func holdsAll(folder string, names []string) bool {
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(folder, filepath.FromSlash(name))); err != nil || !info.Mode().IsRegular() {
			return false
		}
	}
	return true
}

// download fetches the set's files into the cache.
func download(ctx context.Context, h *hubSet, cache, endpoint string) error {
	repo := huggingface.NewRepo(huggingface.Datasets, h.repo, h.revision, cache, endpoint)
	list, err := repo.List(ctx)
	if err != nil {
		return huggingface.Reason(err)
	}
	_, err = repo.Download(ctx, list, h.files.names(), func(int64) {})
	return err
}

// number is a number as the authors of PubMed-RCT replaced it: 7.5 and 1,200 are one
// number each, "4.8-18 .0" are three.
var number = regexp.MustCompile(`\.?[0-9]+([.,][0-9]+)*`)

// replaceNumbers puts @ in the place of every number, as in the form of PubMed 20k RCT
// that the paper uses; the Hub's form keeps the numbers.
func (d *Data) replaceNumbers() {
	for _, split := range [][]Example{d.Train, d.Val, d.Test} {
		for i := range split {
			split[i].A = number.ReplaceAllString(split[i].A, "@")
		}
	}
}
