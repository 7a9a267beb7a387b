package store

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProvenance(t *testing.T) {
	p := NewProvenance()
	p.Seed = new(uint64(1001))
	p.Config, p.Profile, p.Backend, p.TF32 = map[string]int{"epochs": 10}, "smoke", "go", true
	time.Sleep(2 * time.Millisecond)
	require.Same(t, p, p.Finish())
	require.Equal(t, runtime.Version(), p.Go)
	require.GreaterOrEqual(t, p.Seconds, 0.002)
	if runtime.GOOS == "linux" {
		require.Greater(t, p.PeakMemory, int64(1<<20))
	}

	text, err := json.Marshal(p)
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(text, &fields))
	require.EqualValues(t, 1001, fields["seed"])
	require.Equal(t, true, fields["tf32"])
	require.Equal(t, false, fields["simd"], "a flag that is off is said to be off")
}

func TestModules(t *testing.T) {
	info := &debug.BuildInfo{Main: debug.Module{Path: "example.org/notebook"}, Deps: []*debug.Module{
		{Path: "github.com/gomlx/gomlx", Version: "v0.28.0"},
		{Path: "gonum.org/v1/gonum", Version: "v0.17.0", Replace: &debug.Module{Path: "../gonum"}},
		{Path: "github.com/spf13/cobra", Version: "v1.10.2"},
		{Path: "lpft", Version: "v1.2.3"},
	}}
	require.Equal(t, map[string]string{"github.com/gomlx/gomlx": "v0.28.0", "gonum.org/v1/gonum": "(devel)", "lpft": "v1.2.3"}, modules(info))
}

func TestBuiltFrom(t *testing.T) {
	info := &debug.BuildInfo{Main: debug.Module{Path: "lpft"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"},
	}}
	commit, dirty := builtFrom(info)
	require.Equal(t, "abc", commit)
	require.True(t, dirty)
	info.Main.Path = "example.org/notebook"
	commit, _ = builtFrom(info)
	require.Empty(t, commit, "another module's commit is not this one's")
}

func TestCheckedOut(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "a.go")
	require.NoError(t, os.WriteFile(file, []byte("package a\n"), 0o644))
	run := func(args ...string) {
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"}, args...)...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	commit, _ := checkedOut(file)
	require.Empty(t, commit, "no work tree")
	run("init", "-q")
	run("commit", "-q", "--allow-empty", "-m", "first")
	commit, _ = checkedOut(file)
	require.Empty(t, commit, "a work tree that does not track the file")
	run("add", "a.go")
	run("commit", "-q", "-m", "second")
	commit, dirty := checkedOut(file)
	require.Regexp(t, "^[0-9a-f]{40,64}$", commit)
	require.False(t, dirty)
	require.NoError(t, os.WriteFile(file, []byte("package b\n"), 0o644))
	again, dirty := checkedOut(file)
	require.Equal(t, commit, again)
	require.True(t, dirty)
	commit, _ = checkedOut("a.go")
	require.Empty(t, commit, "where the source lies is unknown")
}
