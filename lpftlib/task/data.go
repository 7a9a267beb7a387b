package task

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Options say where data comes from and how much of it is taken.
type Options struct {
	// Dir is the parent folder of the original downloads, for example the one
	// that holds CB/, RTE/ and SST-2/. "" means there is none.
	Dir string

	Hub HubOptions

	// FirstRows keeps only that many rows of the official training file, before
	// the validation rows are split off. 0 keeps all.
	FirstRows int

	// TestRows keeps only that many test rows, evenly spread over the file, so that a
	// file sorted by label keeps its classes. 0 keeps all.
	TestRows int
}

// HubOptions say how the Hugging Face Hub is reached.
type HubOptions struct {
	Endpoint string // base address; "": HF_ENDPOINT, else the Hub itself
	CacheDir string // "": HF_HUB_CACHE, HF_HOME/hub, else the user's default cache
	Offline  bool   // use what the cache holds, ask nobody
}

// Data is a loaded data set.
type Data struct {
	Task             *Task
	Train, Val, Test []Example
	Source           string // where it came from, in words
	Digest           string // SHA-256 over all examples in order, labels included
	StandIn          bool   // not the data set the paper used
	Cut              Counts // rows that FirstRows (training and validation) and TestRows found; 0 where they left out nothing
}

// Load reads a task: from Options.Dir where that has it, else from the Hub.
//
// Errors name the file and line, or say all that was looked for and how to give it.
func Load(ctx context.Context, id string, o Options) (*Data, error) {
	t, err := Get(id)
	if err != nil {
		return nil, err
	}
	d, err := load(ctx, t, o)
	if err != nil {
		return nil, fmt.Errorf("task %s: %w", id, err)
	}
	return d, nil
}

func load(ctx context.Context, t *Task, o Options) (*Data, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if d := toyData(t); d != nil {
		return d.finish(o)
	}
	d, err := fromFolder(t, o.Dir)
	var absent *absentError
	if errors.As(err, &absent) {
		missed := []string{absent.Error()}
		if d, err = fromHub(ctx, t, o.Hub); errors.As(err, &absent) {
			missed = append(missed, absent.Error())
			err = &absentError{strings.Join(missed, "; ") + "; " + remedy(t)}
		}
	}
	if err != nil {
		return nil, err
	}
	return d.finish(o)
}

// remedy says how the user can provide a task that was found nowhere.
func remedy(t *Task) string {
	s := fmt.Sprintf("give the folder that holds %s with --data DIR or LPFT_DATA", t.folders[0])
	if t.hub != nil {
		s += ", or run once with a network"
	}
	return s
}

// absentError is the error of a source that does not have a task: another may.
type absentError struct{ what string }

func (e *absentError) Error() string { return e.what }

// IsAbsent tells that a task was found nowhere, from what is wrong with one that was found.
func IsAbsent(err error) bool {
	var absent *absentError
	return errors.As(err, &absent)
}

// finish cuts, splits and digests.
func (d *Data) finish(o Options) (*Data, error) {
	if o.FirstRows < 0 {
		return nil, fmt.Errorf("FirstRows is %d, expected 0 (all) or more", o.FirstRows)
	}
	if o.TestRows < 0 {
		return nil, fmt.Errorf("TestRows is %d, expected 0 (all) or more", o.TestRows)
	}
	if o.TestRows > 0 && o.TestRows < len(d.Test) {
		d.Cut.Test = len(d.Test)
		d.Test = spread(d.Test, o.TestRows)
		d.Source += fmt.Sprintf(", %d of the test rows", o.TestRows)
	}
	if o.FirstRows > 0 && o.FirstRows < len(d.Train) {
		d.Cut.Train = len(d.Train)
		d.Train = d.Train[:o.FirstRows]
		d.Source += fmt.Sprintf(", first %d training rows", o.FirstRows)
	}
	if d.Val == nil && !d.Task.TestOnly {
		d.Train, d.Val = splitOff(d.Train)
		if len(d.Train) == 0 {
			return nil, fmt.Errorf("%d training row, expected at least 2 to split off validation", len(d.Val))
		}
	}
	d.Digest = d.digest()
	return d, nil
}

// spread picks k of the rows at even distances, in their order.
func spread(rows []Example, k int) []Example {
	out := make([]Example, k)
	for i := range out {
		out[i] = rows[i*len(rows)/k]
	}
	return out
}

// splitOff makes the last ⌈0.1·n⌉ rows the validation set, without shuffling (docs/protocol.md, Splits).
func splitOff(rows []Example) (train, val []Example) {
	k := len(rows) - (len(rows)+9)/10
	return rows[:k:k], rows[k:]
}

// Split returns the rows of "train", "val" or "test".
func (d *Data) Split(name string) ([]Example, error) {
	var rows []Example
	switch name {
	case "train":
		rows = d.Train
	case "val":
		rows = d.Val
	case "test":
		rows = d.Test
	default:
		return nil, fmt.Errorf("split %q is not known: there are train, val, test", name)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("task %s has no %s split: it is evaluated with a model trained on %s", d.Task.ID, name, d.Task.TrainedOn)
	}
	return rows, nil
}

// Counts returns the numbers of rows.
func (d *Data) Counts() Counts {
	return Counts{Train: len(d.Train), Val: len(d.Val), Test: len(d.Test)}
}

// digest hashes every field with its length before it, so that no two data sets share an encoding.
func (d *Data) digest() string {
	h := sha256.New()
	var buffer []byte
	number := func(n int) { buffer = binary.AppendUvarint(buffer, uint64(n)) }
	text := func(s string) {
		number(len(s))
		buffer = append(buffer, s...)
	}
	number(len(d.Task.Classes))
	for _, c := range d.Task.Classes {
		text(c)
	}
	for _, split := range [][]Example{d.Train, d.Val, d.Test} {
		number(len(split))
		for _, e := range split {
			text(e.A)
			text(e.B)
			pair := 0
			if e.Pair {
				pair = 1
			}
			number(pair)
			number(e.Label)
			h.Write(buffer)
			buffer = buffer[:0]
		}
	}
	h.Write(buffer)
	return hex.EncodeToString(h.Sum(nil))
}
