package finetune

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"

	"lpft/lpftlib/encoder"
)

// damage is one way to harm a file; it returns what the file then holds.
type damage func([]byte) []byte

func flip(at func(size int) int, bit byte) damage {
	return func(data []byte) []byte {
		out := bytes.Clone(data)
		out[at(len(out))] ^= bit
		return out
	}
}

// resealed damages a note as somebody would who then makes its digest right again: only what it says can give it away.
func resealed(change func(*saved)) damage {
	return func(data []byte) []byte {
		var s saved
		if json.Unmarshal(data, &s) != nil {
			return nil
		}
		change(&s)
		s.Digest, _ = s.seal()
		out, _ := json.Marshal(s)
		return out
	}
}

func replaced(old, now string) damage {
	return func(data []byte) []byte { return bytes.Replace(data, []byte(old), []byte(now), 1) }
}

var (
	last  = func(size int) int { return size - 1 } // exponent of the last number
	empty = func([]byte) []byte { return nil }
	half  = func(data []byte) []byte { return data[:len(data)/2] }
)

// taken is the state in which a run begins with what lies in dir.
func (f fault) taken(t *testing.T, dir string) *trainer {
	t.Helper()
	tr, err := newTrainer(f.be, f.start, f.data, f.recipe, Hooks{Score: accuracy, Checkpoint: &Checkpoint{Dir: dir, Every: time.Hour}})
	require.NoError(t, err)
	require.NoError(t, tr.begin(context.Background()))
	return tr
}

// requireSame wants a state bit for bit.
func requireSame(t *testing.T, want, got *trainer) {
	t.Helper()
	require.Equal(t, want.state.step, got.state.step)
	require.Equal(t, want.course, got.course)
	require.Equal(t, want.best, got.best)
	before, err := want.stateTensors()
	require.NoError(t, err)
	after, err := got.stateTensors()
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// A damaged checkpoint is named, set aside and never read: the run goes on from the one before, with its bits.
func TestDamagedCheckpointIsSetAside(t *testing.T) {
	f, source := newFault(t), t.TempDir()
	six := f.trainer(t, t.TempDir(), 6)
	f.trainer(t, source, 7)
	for name, c := range map[string]struct {
		file   string
		damage damage
	}{
		"a low bit of the best epoch": {stateName(7), flip(func(size int) int { return size / 2 }, 1)},
		"an exponent":                 {stateName(7), flip(last, 0x40)},
		"truncated state":             {stateName(7), func(d []byte) []byte { return d[:len(d)-1] }},
		"empty state":                 {stateName(7), empty},
		"zeros":                       {stateName(7), func(d []byte) []byte { return make([]byte, len(d)) }},
		"tensor missing":              {stateName(7), replaced(`"m.head.bias"`, `"n.head.bias"`)},
		"truncated note":              {noteName(7), half},
		"empty note":                  {noteName(7), empty},
		"an altered loss":             {noteName(7), replaced(`"loss":1`, `"loss":2`)},
		"a step beyond the end":       {noteName(7), replaced(`"step":7`, `"step":1000000000`)},
		"a negative step":             {noteName(7), resealed(func(s *saved) { s.Step = -5 })},
		"the last step":               {noteName(7), resealed(func(s *saved) { s.Step = 15 })},
		"no course":                   {noteName(7), resealed(func(s *saved) { s.Course = nil })},
		"a short course":              {noteName(7), resealed(func(s *saved) { s.Course.Steps = s.Course.Steps[:3] })},
		"no best epoch":               {noteName(7), resealed(func(s *saved) { s.Best = nil })},
		"a best epoch to come":        {noteName(7), resealed(func(s *saved) { s.Best.Epoch = 3 })},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, os.DirFS(source)))
			path := filepath.Join(dir, c.file)
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			harmed := c.damage(data)
			require.NotEqual(t, data, harmed, "the damage must change something")
			require.NoError(t, os.WriteFile(path, harmed, 0o644))

			said := f.listen()
			requireSame(t, six, f.taken(t, dir))
			require.Contains(t, *said, c.file)
			require.Contains(t, *said, noteName(7)+".bad-1")
			require.FileExists(t, filepath.Join(dir, noteName(7)+".bad-1"), "nothing is thrown away")
			require.FileExists(t, filepath.Join(dir, stateName(7)+".bad-1"))
		})
	}
}

// listen collects what the engine says.
func (f fault) listen() *string {
	said := ""
	f.be.Say = func(line string) { said += line + "\n" }
	return &said
}

// Where both checkpoints are damaged, and where an earlier version left one without digests, the run begins anew.
func TestFreshStartWhereNothingIsSound(t *testing.T) {
	f, dir := newFault(t), t.TempDir()
	whole, _, err := f.run("")
	require.NoError(t, err)
	f.trainer(t, dir, 7)
	for _, step := range []int{6, 7} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, noteName(step)), []byte("{"), 0o644))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoint.json"), []byte(`{"guard":"x","file":"state-5.safetensors","step":5}`), 0o644))
	said := f.listen()
	result, resumed, err := f.run(dir)
	require.NoError(t, err)
	require.False(t, resumed)
	require.Equal(t, whole, result)
	require.Equal(t, 3, strings.Count(*said, "damaged checkpoint"))
}

// After a damaged checkpoint the run ends as one that nothing disturbed.
func TestRunAfterDamage(t *testing.T) {
	f, dir := newFault(t), t.TempDir()
	f.be.Say = func(string) {}
	f.trainer(t, dir, 7)
	require.NoError(t, os.Truncate(filepath.Join(dir, stateName(7)), 100))
	f.requireContinues(t, dir)
}

// Flipped bits anywhere in a checkpoint never change a state, and never stop a run.
func TestFlippedBitsNeverChangeAState(t *testing.T) {
	f, source := newFault(t), t.TempDir()
	f.be.Say = func(string) {}
	f.trainer(t, source, 12)
	sound := map[int]*trainer{11: f.trainer(t, t.TempDir(), 11), 12: f.taken(t, source)}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 12 {
		dir := t.TempDir()
		require.NoError(t, os.CopyFS(dir, os.DirFS(source)))
		for _, file := range []string{noteName(12), stateName(12)}[rng.IntN(2):] {
			path := filepath.Join(dir, file)
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			at, bit := rng.IntN(len(data)), byte(1)<<rng.IntN(8)
			require.NoError(t, os.WriteFile(path, flip(func(int) int { return at }, bit)(data), 0o644))
		}
		tr := f.taken(t, dir)
		require.Contains(t, sound, tr.state.step)
		requireSame(t, sound[tr.state.step], tr)
	}
}

// A state that is not finite is never kept, and a model that is not finite is never handed out.
func TestNothingThatIsNotFiniteIsKept(t *testing.T) {
	f, dir := newFault(t), t.TempDir()
	tr := f.trainer(t, dir, 6)
	before := files(t, dir)
	tr.state.params[0] = withInf(t, tr.state.params[0])
	tr.state.step++
	require.ErrorIs(t, tr.save(), errNotFinite)
	require.ErrorContains(t, tr.save(), "the one before is kept")
	require.Equal(t, before, files(t, dir))
	require.ErrorIs(t, tr.keep(1, 0.5), errNotFinite)
	tr.best.params[0][0] = float32(math.NaN())
	_, err := tr.result()
	require.ErrorIs(t, err, errNotFinite)
	require.ErrorContains(t, err, "epoch 1")
}

func withInf(t *testing.T, tensor *tensors.Tensor) *tensors.Tensor {
	t.Helper()
	data, err := host(tensor)
	require.NoError(t, err)
	data[len(data)-1] = float32(math.Inf(-1))
	return tensors.FromFlatDataAndDimensions(data, tensor.Shape().Dimensions...)
}

// What a file calls a checkpoint is either this run's state or refused: reading one never panics.
func FuzzCheckpointNote(f *testing.F) {
	for _, text := range []string{`{}`, `{"step":-5}`, `{"step":1000000000,"course":null}`, `null`, `[]`, `{"step":7,"course":{"steps":[],"points":null},"best":{}}`} {
		f.Add([]byte(text), true)
		f.Add([]byte(text), false)
	}
	dir := f.TempDir()
	t := &trainer{recipe: Recipe{Epochs: 3, Batch: 8}, steps: 15, guard: "g"}
	t.data.Train.Texts = make([]encoder.Encoding, 38)
	f.Fuzz(func(tt *testing.T, data []byte, reseal bool) {
		if reseal {
			data = resealed(func(s *saved) { s.Guard = "g" })(data)
		}
		if os.WriteFile(filepath.Join(dir, noteName(7)), data, 0o644) != nil {
			return
		}
		if s, _, err := t.read(dir, note{noteName(7), 7}); err == nil {
			tt.Fatalf("accepted a note without its state: %+v", s)
		}
	})
}
