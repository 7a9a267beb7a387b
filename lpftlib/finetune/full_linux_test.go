package finetune

import (
	"os/signal"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func init() { roles["full"] = full }

// full forbids larger files from the fourth step on: the next checkpoint fails as on a full disk.
func full(p Progress) error {
	if p.Step != 4 {
		return nil
	}
	signal.Ignore(syscall.SIGXFSZ) // then the write returns EFBIG
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 12, Max: 1 << 12})
}

// A full disk stops the run with one line that says so; the checkpoint before continues once there
// is room.
func TestFullDiskKeepsTheCheckpoint(t *testing.T) {
	f, dir := newFault(t), t.TempDir()
	out, err := child(t, "full", dir).CombinedOutput()
	require.Error(t, err)
	require.Regexp(t, `^checkpoint at step 4: .*state-4.safetensors: cannot be written: write .*: file too large; the one before is kept\n$`, string(out))
	require.Equal(t, 3, savedStep(t, dir))
	require.Equal(t, []string{"checkpoint-2.json", "checkpoint-3.json", "state-2.safetensors", "state-3.safetensors"}, files(t, dir), "the failed write left something")
	f.requireContinues(t, dir)
}
