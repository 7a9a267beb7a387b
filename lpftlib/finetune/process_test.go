package finetune

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
)

// The tests below start this test binary again as another process that trains.
const (
	roleEnv = "FINETUNE_TEST_ROLE"
	dirEnv  = "FINETUNE_TEST_DIR"
)

var roles = map[string]func(Progress) error{"train": slowly}

func TestMain(m *testing.M) {
	onStep := roles[os.Getenv(roleEnv)]
	if onStep == nil {
		os.Exit(m.Run())
	}
	if err := train(os.Getenv(dirEnv), onStep); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// train is the run of newFault with a checkpoint after every step.
func train(dir string, onStep func(Progress) error) error {
	raw, err := os.ReadFile("testdata/training.json")
	if err != nil {
		return err
	}
	var f trainingFixture
	if err := json.Unmarshal(raw, &f); err != nil {
		return err
	}
	cfg, err := encoder.ReadConfig(modelDir)
	if err != nil {
		return err
	}
	w, err := encoder.LoadWeights(modelDir, cfg)
	if err != nil {
		return err
	}
	be, err := backend.Open("go")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	hooks := Hooks{Score: accuracy, Checkpoint: &Checkpoint{Dir: dir, Every: time.Nanosecond}}
	hooks.Progress = func(p Progress) {
		if err := onStep(p); err != nil {
			cancel(err)
		}
	}
	data := Data{Train: f.set(), Val: f.set()}
	_, err = Run(ctx, be, Start{Weights: w, Head: f.head()}, data, faultRecipe, hooks)
	return err
}

// slowly says how far the run is and gives the test time to kill it.
func slowly(p Progress) error {
	fmt.Println(p.Step)
	time.Sleep(30 * time.Millisecond)
	return nil
}

func child(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), roleEnv+"="+role, dirEnv+"="+dir)
	return cmd
}

// killAt starts a training process and kills it, as kill -9 does, once it has said step.
func killAt(t *testing.T, dir string, step int) {
	t.Helper()
	cmd := child(t, "train", dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	for lines := bufio.NewScanner(out); ; {
		require.True(t, lines.Scan(), "the process ended before step %d", step)
		if at, err := strconv.Atoi(strings.TrimSpace(lines.Text())); err == nil && at >= step {
			break
		}
	}
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
}

// A process that is killed in mid-epoch twice, and continued by a third, ends with the weights of
// one that was not, bit for bit.
func TestKilledProcessContinues(t *testing.T) {
	f, dir := newFault(t), t.TempDir()
	killAt(t, dir, 3)
	first := savedStep(t, dir)
	require.GreaterOrEqual(t, first, 2)
	killAt(t, dir, first+4)
	second := savedStep(t, dir)
	require.Greater(t, second, first)
	require.Less(t, second, 15)
	f.requireContinues(t, dir)
	require.LessOrEqual(t, len(files(t, dir)), 6, "files of the kills pile up") // two generations, a third state, an unfinished file
}
