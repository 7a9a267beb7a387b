package command

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/grid"
	"lpft/lpftlib/store"
	"lpft/lpftlib/store/remote"
)

// Two machines that share a bucket and no folder do a plan's jobs in turn: each takes what it needs from there and nothing is
// computed twice, a result that is damaged there is refused, computed again and mended, a third machine sees that all is
// done, and its report is that of one process.
func TestJobsThroughABucket(t *testing.T) {
	bucket := t.TempDir()
	machines := []string{t.TempDir(), t.TempDir()}
	inHome(t)
	t.Setenv(remote.EnvVar, "file://"+filepath.ToSlash(bucket))
	out, err := lpft(t, "", with("plan")...)
	require.NoError(t, err)
	jobs := jobsOf(t, out)
	last := jobs[len(jobs)-1]

	computed := map[string]int{}
	for i, job := range jobs {
		if i == 1 {
			damageMeasures(t, bucket)
		}
		t.Setenv("LPFT_HOME", machines[i%2])
		_, err := lpft(t, "", job.Command[1:]...)
		require.NoError(t, err, job.Label)
	}
	refused := 0
	for _, home := range machines {
		t.Setenv("LPFT_HOME", home)
		for _, e := range storeLog(t) {
			switch e.What {
			case store.Computed:
				computed[e.Kind+e.Key]++
			case store.Refused:
				refused++
			}
		}
	}
	again := 0
	for _, n := range computed {
		again += n - 1
	}
	require.Equal(t, 1, refused)
	require.Equal(t, 1, again, "what was damaged, and nothing else")

	inHome(t)
	t.Setenv(remote.EnvVar, "file://"+filepath.ToSlash(bucket))
	out, err = lpft(t, "", with("status")...)
	require.NoError(t, err)
	require.Contains(t, out, grid.Summary(standing(jobs, len(jobs))))
	page := filepath.Join(t.TempDir(), "report")
	_, err = lpft(t, "", append(last.Command[1:], "--report", page)...)
	require.NoError(t, err)
	for _, e := range storeLog(t) {
		require.Equal(t, store.Pulled, e.What)
	}
	out, err = lpft(t, "", "store", "sync")
	require.NoError(t, err)
	require.Regexp(t, `^0 artefacts pushed to file://.*, [1-9]\d* pulled; 1 were on both sides; \d+ requests`, out)
	out, err = lpft(t, "", "store", "sync", "--verify")
	require.NoError(t, err)
	require.Contains(t, out, ", 0 damaged\n0 artefacts pushed")

	inHome(t) // without the bucket
	other := filepath.Join(t.TempDir(), "report")
	_, err = lpft(t, "", with("job", last.ID, "--needed", "--report", other)...)
	require.NoError(t, err)
	out, err = lpft(t, "", "compare", "--tolerance", "0", page, other)
	require.NoError(t, err, out)

	_, err = lpft(t, "", "store", "sync")
	require.ErrorContains(t, err, "no bucket is named")
	t.Setenv(remote.EnvVar, "file:///no/such/folder")
	_, err = lpft(t, "", with("plan")...)
	require.ErrorContains(t, err, "make the folder first")
}

// damageMeasures flips a byte of what the bucket has of a measurement that the report reads.
func damageMeasures(t *testing.T, bucket string) {
	t.Helper()
	st, err := openStore() // of the first job
	require.NoError(t, err)
	runs, _ := st.ManifestsOf("run")
	require.NotEmpty(t, runs)
	path := filepath.Join(bucket, "files", runs[0].Manifest.Files[0].SHA256)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[len(data)/2] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o644))
}
