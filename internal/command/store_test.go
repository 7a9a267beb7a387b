package command

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/store"
)

// storeHome is a home folder whose store holds features and a probe made from them.
func storeHome(t *testing.T) (home string, features, probe *store.Artefact) {
	t.Helper()
	home = t.TempDir()
	t.Setenv("LPFT_HOME", home)
	st, err := openStore()
	require.NoError(t, err)
	put := func(step store.Step) *store.Artefact {
		a, err := st.Do(t.Context(), step, func(_ context.Context, w *store.Work) error { return w.WriteJSON("x.json", step.Label) })
		require.NoError(t, err)
		return a
	}
	features = put(store.Step{Kind: "features", Version: 2, Label: "features of cb", Inputs: "a"})
	return home, features, put(store.Step{Kind: "probe", Version: 1, Label: "LP cb", Inputs: []string{features.Key}})
}

// The store's commands as a person meets them: what is there and wrong, what can go, and to another machine.
func TestStoreCommands(t *testing.T) {
	home, features, probe := storeHome(t)
	out, err := lpft(t, "", "store", "verify")
	require.NoError(t, err)
	require.Contains(t, out, "2 artefacts are sound (1 of them older), 0 damaged; 0 leftovers")
	require.Regexp(t, `older +probe +`+probe.Key[:12]+` .*`+features.Key[:12]+` +LP cb \(version 1 of the step, this is version 3\)`, out)
	out, err = lpft(t, "", "store", "log")
	require.NoError(t, err)
	require.Contains(t, out, "LP cb (older: version 1 of the step")

	out, err = lpft(t, "", "store", "clean")
	require.NoError(t, err)
	require.Contains(t, out, "--older: probe "+probe.Key[:12])
	require.Contains(t, out, "nothing was removed")
	archive := filepath.Join(t.TempDir(), "a.tar")
	out, err = lpft(t, "", "store", "export", archive, probe.Key[:12])
	require.NoError(t, err)
	require.Contains(t, out, "2 artefacts")
	out, err = lpft(t, "", "store", "clean", "--older", "--unneeded")
	require.NoError(t, err)
	require.Contains(t, out, "1 removed")
	require.NoDirExists(t, probe.Dir)
	out, err = lpft(t, "", "store", "clean", "--unneeded")
	require.NoError(t, err)
	require.Contains(t, out, "1 removed", "nothing is made from the features now")
	require.NoDirExists(t, features.Dir)

	out, err = lpft(t, "", "store", "import", archive)
	require.NoError(t, err)
	require.Contains(t, out, "2 artefacts are new, 0 were here")
	_, err = lpft(t, "", "store", "export", archive, "none00")
	require.ErrorContains(t, err, "no artefact has a key that begins with")
	require.NoError(t, os.WriteFile(features.Path("x.json"), []byte("other"), 0o644))
	out, err = lpft(t, "", "store", "verify", "--quiet")
	require.ErrorContains(t, err, "1 artefacts in "+filepath.Join(home, "store")+" are damaged")
	require.Contains(t, out, "damaged: store: "+features.Path("x.json"))
	out, err = lpft(t, "", "store", "clean", "--damaged", "--dry-run")
	require.NoError(t, err)
	require.Contains(t, out, "--damaged: features "+features.Key[:12])
	require.DirExists(t, features.Dir)
	_, err = lpft(t, "", "store", "clean", "--damaged")
	require.NoError(t, err)
	require.NoDirExists(t, features.Dir)
}

// An output is a plain file's name: devices, links and folders are refused before anything is computed.
func TestOutputsAreNotReplaced(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link.npz")
	require.NoError(t, os.Symlink("target.npz", link))
	for path, want := range map[string]string{"/dev/null": "a device", link: "is a link", dir: "is a folder"} {
		for _, args := range [][]string{
			{"probe", "--features", "f.npy", "--labels", "y.npy", "--out", path},
			{"features", "--model", "m", "--in", "x.jsonl", "--out", path},
			{"ntk", "--model", "m", "--n", "4", "--task", "cb", "--method", "ft", "--out", path},
		} {
			_, err := lpft(t, "", args...)
			require.ErrorContains(t, err, want, args[0])
		}
		_, err := lpft(t, "", "store", "export", path)
		require.ErrorContains(t, err, want)
	}
	info, err := os.Stat("/dev/null")
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeDevice)
}

// Two reports that differ end with status 1 and a table of what differs.
func TestCompareCommand(t *testing.T) {
	_, err := lpft(t, "", "compare", t.TempDir(), t.TempDir())
	require.ErrorContains(t, err, "holds no report")
	a, b := t.TempDir(), t.TempDir()
	for dir, text := range map[string]string{a: "1.50", b: "1.80"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "tables"), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "tables", "table1-1.csv"), []byte("data set,method,Norm(C)\ncb,FT,"+text+"\n"), 0o644))
	}
	out, err := lpft(t, "", "compare", a, a)
	require.NoError(t, err)
	require.Equal(t, "1 numbers are the same, 0 within the tolerance; 0 cells differ\n", out)
	out, err = lpft(t, "", "compare", a, b)
	require.ErrorContains(t, err, "1 cells differ")
	require.Regexp(t, `table1-1: cb, FT, Norm\(C\) +1\.50 +1\.80 +0\.3 +0\.0118`, out)
	_, err = lpft(t, "", "compare", "--tolerance", "-1", a, b)
	require.ErrorContains(t, err, "--tolerance")
}

// Input without an end is refused before it takes all memory.
func TestEndlessInput(t *testing.T) {
	_, err := readTexts("/dev/zero")
	require.ErrorContains(t, err, "/dev/zero: line 1 has more than 67108864 bytes")
}
