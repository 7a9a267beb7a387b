package task

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/gomlx/go-huggingface/hub"

	"lpft/internal/fetch"
	"lpft/internal/huggingface"
)

const (
	hubAnswer = 5 * time.Second  // how long the Hub may take to say what a repository holds
	hubStall  = 20 * time.Second // how long a download may stand still
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
	folder := filepath.Join(cache, "datasets--"+strings.ReplaceAll(t.hub.repo, "/", "--"), "snapshots", t.hub.revision)
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
	repo := huggingface.Repo(h.repo, h.revision, cache, endpoint).WithType(hub.RepoTypeDataset)
	still := func() int64 { return 0 }
	if err := guard(ctx, hubAnswer, still, func(context.Context) error { return repo.DownloadInfo(true) }); err != nil {
		return huggingface.Reason(err)
	}
	if got := repo.Info().CommitHash; got != h.revision {
		return fmt.Errorf("it answered with commit %q", got)
	}
	for _, name := range h.files.names() {
		if !repo.HasFile(name) {
			return fmt.Errorf("the repository has no file %s", name)
		}
	}
	blobs := filepath.Join(cache, "datasets--"+strings.ReplaceAll(h.repo, "/", "--"), "blobs")
	return huggingface.Reason(guard(ctx, hubStall, func() int64 { return fetch.FolderSize(blobs) }, func(ctx context.Context) error {
		// One after the other: the library counts parallel downloads without a lock.
		for _, name := range h.files.names() {
			if _, err := repo.DownloadFilesCtx(ctx, name); err != nil {
				return err
			}
		}
		return nil
	}))
}

// guard runs work until it ends, ctx ends, or size has not changed for the time patience.
// It does not wait for work that it gives up: the library's first request knows no deadline.
func guard(ctx context.Context, patience time.Duration, size func() int64, work func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- work(ctx) }()
	tick := time.NewTicker(patience / 10)
	defer tick.Stop()
	last, since := size(), time.Now()
	for {
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if now := size(); now != last {
			last, since = now, time.Now()
		} else if time.Since(since) >= patience {
			return fmt.Errorf("no answer within %v", patience)
		}
	}
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
