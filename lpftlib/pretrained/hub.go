package pretrained

import (
	"context"
	"fmt"

	"lpft/internal/huggingface"
)

// wanted are the files of a checkpoint; a repository need not have all of them.
var wanted = []string{
	"config.json", Weights, "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
	"added_tokens.json", "vocab.txt", "vocab.json", "merges.txt",
}

// fromHub downloads the model into the Hugging Face cache.
func fromHub(ctx context.Context, m model, o Options) (*Checkpoint, error) {
	repo := huggingface.NewRepo(huggingface.Models, m.repo, m.revision, cacheDir(o.HFHome), o.Endpoint)
	list, err := repo.List(ctx)
	if err != nil {
		return nil, huggingface.Reason(err)
	}
	files, total := offered(list)
	weights := list.Find(Weights)
	if weights == nil {
		return nil, fmt.Errorf("the repository has no %s (one file)", Weights)
	}
	what := "model " + m.repo
	dir, err := repo.Download(ctx, list, files, func(done int64) { report(o, what, min(done, total), total) })
	if err != nil {
		return nil, err
	}
	report(o, what, total, total)
	want := m.digest
	if want == "" && weights.LFS != nil {
		want = weights.LFS.SHA256
	}
	return take(dir, fmt.Sprintf("Hub %s@%s", m.repo, list.Commit), want)
}

// offered lists the wanted files that the repository has, and their size in bytes.
func offered(list *huggingface.Listing) (files []string, total int64) {
	for _, name := range wanted {
		if f := list.Find(name); f != nil {
			files = append(files, name)
			total += f.Size
		}
	}
	return files, total
}

func report(o Options, what string, done, total int64) {
	if o.Progress != nil {
		o.Progress(what, done, total)
	}
}
