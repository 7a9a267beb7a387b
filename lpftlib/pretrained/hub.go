package pretrained

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/gomlx/go-huggingface/hub"

	"lpft/internal/fetch"
	"lpft/internal/huggingface"
)

const (
	hubAnswer = 5 * time.Second  // how long the Hub may take to say what a repository holds
	hubStall  = 30 * time.Second // how long a download may stand still
)

// wanted are the files of a checkpoint; a repository need not have all of them.
var wanted = []string{
	"config.json", Weights, "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
	"added_tokens.json", "vocab.txt", "vocab.json", "merges.txt",
}

// fromHub downloads the model into the Hugging Face cache.
func fromHub(ctx context.Context, m model, o Options) (*Checkpoint, error) {
	cache := cacheDir(o.HFHome)
	repo := huggingface.Repo(m.repo, m.revision, cache, o.Endpoint)
	if err := askHub(ctx, repo); err != nil {
		return nil, err
	}
	files, total := offered(repo)
	if !slices.Contains(files, Weights) {
		return nil, fmt.Errorf("the repository has no %s (one file)", Weights)
	}
	what := "model " + m.repo
	var paths []string
	err := fetch.Watch(ctx, filepath.Join(cache, repoFolder(m.repo), "blobs"), hubStall,
		func(done int64) { report(o, what, min(done, total), total) },
		func(ctx context.Context) (err error) { paths, err = repo.DownloadFilesCtx(ctx, files...); return err })
	if err != nil {
		return nil, huggingface.Reason(err)
	}
	report(o, what, total, total)
	want := m.digest
	if want == "" {
		want = lfsDigest(repo)
	}
	return take(filepath.Dir(paths[0]), fmt.Sprintf("Hub %s@%s", m.repo, repo.Info().CommitHash), want)
}

// askHub fetches the repository's list of files. The library's request knows no
// deadline, so a Hub that does not answer in time is left behind.
func askHub(ctx context.Context, repo *hub.Repo) error {
	done := make(chan error, 1)
	go func() { done <- repo.DownloadInfo(true) }()
	select {
	case err := <-done:
		if err != nil {
			return huggingface.Reason(err)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(hubAnswer):
		return fmt.Errorf("no answer within %v", hubAnswer)
	}
}

// offered lists the wanted files that the repository has, and their size in bytes.
func offered(repo *hub.Repo) (files []string, total int64) {
	for _, f := range repo.Info().Siblings {
		if slices.Contains(wanted, f.Name) {
			files = append(files, f.Name)
			total += f.Size
		}
	}
	return files, total
}

// lfsDigest is the digest that the Hub itself states for the weights, "" when it states none.
func lfsDigest(repo *hub.Repo) string {
	for _, f := range repo.Info().Siblings {
		if f.Name == Weights && f.LFS != nil {
			return f.LFS.SHA256
		}
	}
	return ""
}

func report(o Options, what string, done, total int64) {
	if o.Progress != nil {
		o.Progress(what, done, total)
	}
}
