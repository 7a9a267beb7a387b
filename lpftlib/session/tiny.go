package session

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/pretrained"
)

// tinyConfig is a two-layer BERT that runs in milliseconds: the smoke profile's model. It is
// random, so its numbers mean nothing; it shows that everything runs.
var tinyConfig = encoder.Config{
	Family: encoder.BERT, Hidden: 32, Layers: 2, Heads: 4, Intermediate: 64, MaxPositions: 128, TypeVocab: 2,
	LayerNormEps: 1e-12, HiddenDropout: 0.1, AttentionDropout: 0.1, InitRange: 0.02,
}

// tinyInit is wider than BERT's 0.02, so that an untrained model's features differ between texts.
const tinyInit = 0.25

// tinyCheckpoint makes the tiny model in dir, or finds it there.
func tinyCheckpoint(dir string) (*pretrained.Checkpoint, error) {
	if !holdsTiny(dir) {
		if err := makeTiny(dir); err != nil {
			return nil, fmt.Errorf("tiny model: %w", err)
		}
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	cp, err := pretrained.Resolve(context.Background(), path, pretrained.Options{Offline: true})
	if err != nil {
		return nil, err
	}
	cp.Name, cp.Source = "tiny", "generated"
	return cp, nil
}

func holdsTiny(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, pretrained.Weights))
	return err == nil
}

// makeTiny makes the model's folder in one step, one process at a time: whoever finds it finds it whole.
func makeTiny(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	lock := flock.New(dir + ".lock")
	if err := lock.Lock(); err != nil {
		return err
	}
	defer lock.Unlock()
	if holdsTiny(dir) {
		return nil
	}
	making := dir + ".making" // of this process, or of one that died with the lock
	for _, old := range []string{making, dir} {
		if err := os.RemoveAll(old); err != nil {
			return err
		}
	}
	if err := writeTiny(making); err != nil {
		return err
	}
	return os.Rename(making, dir)
}

// writeTiny writes vocabulary, configuration and weights, the weights last.
func writeTiny(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	vocab := tinyVocabulary()
	if err := os.WriteFile(filepath.Join(dir, "vocab.txt"), []byte(strings.Join(vocab, "\n")+"\n"), 0o644); err != nil {
		return err
	}
	cfg := tinyConfig
	cfg.VocabSize = len(vocab)
	cfg.InitRange = tinyInit
	w := encoder.RandomWeights(&cfg, 1)
	cfg.InitRange = tinyConfig.InitRange
	return w.Save(dir)
}

// tinyVocabulary is a WordPiece vocabulary of characters and some frequent words.
func tinyVocabulary() []string {
	vocab := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
	for c := '!'; c <= '~'; c++ {
		if c >= 'A' && c <= 'Z' {
			continue // texts are lower-cased
		}
		vocab = append(vocab, string(c), "##"+string(c))
	}
	return append(vocab, strings.Fields(`the of and to in is it that was for on are as with his they at be this have from or had by
		not but what all were we when your can said there an each which do how their if will up other about out many then them these so
		some her would make like him into time has look two more write go see no way could people my than first been who its now find
		did get come made may part over think know believe never no nobody every good bad movie film best worst`)...)
}
