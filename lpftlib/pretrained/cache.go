package pretrained

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lpft/internal/huggingface"
)

// cacheDir is the folder of the Hub's cache, found as Python's huggingface_hub finds it.
func cacheDir(hfHome string) string {
	if hfHome != "" {
		return filepath.Join(hfHome, "hub")
	}
	return huggingface.CacheDir()
}

// fromCache looks for the model in the Hub's cache, whose layout is
//
//	models--<owner>--<repo>/snapshots/<commit>/<file>
//	models--<owner>--<repo>/refs/<branch>              the commit (huggingface_hub)
//	models--<owner>--<repo>/info/<branch>              JSON with the commit (go-huggingface)
//
// Where the weights are pinned, any snapshot that has them will do.
func fromCache(m model, cache string) (*Checkpoint, error) {
	missed := fmt.Errorf("no %s in %s", repoFolder(m.repo), cache)
	for _, repo := range []string{m.repo, m.oldRepo} {
		if repo == "" {
			continue
		}
		dir := filepath.Join(cache, repoFolder(repo))
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		for _, commit := range snapshots(dir, m) {
			c, err := take(filepath.Join(dir, "snapshots", commit), "Hugging Face cache", m.digest)
			if err == nil {
				return c, nil
			}
			missed = err
		}
		if len(snapshots(dir, m)) == 0 {
			missed = fmt.Errorf("no snapshot of %s in %s", m.revision, dir)
		}
	}
	return nil, missed
}

// snapshots lists the commits under dir that may serve m, best first.
func snapshots(dir string, m model) []string {
	commits := []string{}
	if commit, err := commitOf(dir, m.revision); err == nil {
		commits = append(commits, commit)
	}
	if m.digest == "" {
		return commits
	}
	entries, _ := os.ReadDir(filepath.Join(dir, "snapshots"))
	for _, e := range entries {
		if !slices.Contains(commits, e.Name()) {
			commits = append(commits, e.Name())
		}
	}
	return commits
}

// commitOf says which cached commit a revision stands for.
func commitOf(dir, revision string) (string, error) {
	if !filepath.IsLocal(filepath.FromSlash(revision)) {
		return "", fmt.Errorf("revision %q would leave the cache", revision)
	}
	if info, err := os.Stat(filepath.Join(dir, "snapshots", revision)); err == nil && info.IsDir() {
		return revision, nil
	}
	if ref, err := os.ReadFile(filepath.Join(dir, "refs", filepath.FromSlash(revision))); err == nil {
		return aCommit(strings.TrimSpace(string(ref)))
	}
	info, err := os.ReadFile(filepath.Join(dir, "info", filepath.FromSlash(revision)))
	if err != nil {
		return "", err
	}
	var repo struct {
		SHA string `json:"sha"`
	}
	if err := json.Unmarshal(info, &repo); err != nil || repo.SHA == "" {
		return "", errors.New("no commit in " + filepath.Join(dir, "info", revision))
	}
	return aCommit(repo.SHA)
}

// aCommit refuses what is none: it is about to name a folder.
func aCommit(text string) (string, error) {
	if !huggingface.IsCommit(text) {
		return "", fmt.Errorf("%.60q is no commit", text)
	}
	return text, nil
}

func repoFolder(repo string) string {
	return huggingface.FolderName(huggingface.Models, repo)
}
