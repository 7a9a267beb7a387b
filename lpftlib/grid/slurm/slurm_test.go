package slurm

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/grid"
)

// plan has features of two tasks, two trainings on each, a kernel on each that needs no GPU, and a report.
func plan(done ...string) []grid.Job {
	job := func(id string, gpu bool, needs ...string) grid.Job {
		return grid.Job{ID: id, Label: id, Needs: needs, GPU: gpu, Command: []string{"lpft", "job", id, "--profile", "it's mine"}}
	}
	jobs := []grid.Job{job("fa", true), job("fb", true), job("ta1", true, "fa"), job("ta2", true, "fa"), job("tb1", true, "fb"), job("tb2", true, "fb"),
		job("ka", false, "fa"), job("kb", false, "fb"), job("report", false, "fa", "fb", "ta1", "ta2", "tb1", "tb2", "ka", "kb")}
	for i := range jobs {
		jobs[i].Done = strings.Contains(" "+strings.Join(done, " ")+" ", " "+jobs[i].ID+" ")
	}
	return jobs
}

func ids(a Array) (out []string) {
	for _, j := range a.Jobs {
		out = append(out, j.ID)
	}
	return out
}

func all(j grid.Job) bool { return !j.Done }

// Jobs that wait for the same are one array; single jobs that wait for a task each of one array are paired with it.
func TestArrays(t *testing.T) {
	arrays := Arrays(plan(), all)
	require.Len(t, arrays, 5)
	require.Equal(t, []string{"fa", "fb"}, ids(arrays[0]))
	require.Equal(t, []string{"ta1", "ta2"}, ids(arrays[1]))
	require.Equal(t, []string{"fa"}, arrays[1].Needs)
	require.Equal(t, []string{"tb1", "tb2"}, ids(arrays[2]))
	require.Equal(t, []string{"ka", "kb"}, ids(arrays[3]))
	require.Equal(t, 0, arrays[3].Pairs)
	require.Equal(t, []int{0, 1}, arrays[3].Index)
	require.Equal(t, []string{"report"}, ids(arrays[4]))

	arrays = Arrays(plan("fa", "ka"), all)
	require.Equal(t, []string{"fb", "ta1", "ta2"}, ids(arrays[0]), "what is done is not waited for")
	require.Empty(t, arrays[0].Needs)
	require.Equal(t, []string{"tb1", "tb2"}, ids(arrays[1]))
}

func TestArraysAreNotTooLarge(t *testing.T) {
	var jobs []grid.Job
	for i := range 2500 {
		jobs = append(jobs, grid.Job{ID: fmt.Sprint(i)})
	}
	arrays := Arrays(jobs, all)
	require.Equal(t, []int{1000, 1000, 500}, []int{len(arrays[0].Jobs), len(arrays[1].Jobs), len(arrays[2].Jobs)})
	require.Equal(t, 999, arrays[1].Index[999])
}

// programs puts stand-ins for Slurm's on the path: sbatch keeps its arguments and numbers its jobs, squeue prints a file.
func programs(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o755))
	}
	write("sbatch", `case "$*" in *--partition=nowhere*) echo "sbatch: error: invalid partition specified: nowhere
sbatch: error: Batch job submission failed: Invalid partition name specified" >&2; exit 1;; esac
printf '%s\n' "$*" >> "`+dir+`/calls"
echo $((100 + $(wc -l < "`+dir+`/calls")))`)
	write("squeue", `cat "`+dir+`/queue" 2>/dev/null; exit 0`)
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	return dir
}

func calls(t *testing.T, programs string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(programs, "calls"))
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

func flag(t *testing.T, call, name string) string {
	t.Helper()
	for _, word := range strings.Fields(call) {
		if value, ok := strings.CutPrefix(word, name+"="); ok {
			return value
		}
	}
	return ""
}

// Everything is sent once, with its dependencies; a second call sends only what is neither done nor in the queue, and waits
// for what is.
func TestSubmit(t *testing.T) {
	bin, dir := programs(t), t.TempDir()
	opt := Options{Dir: dir, Binary: "/opt/lpft", Arguments: []string{"--keep", "heads"}, Partition: "gpu", Gres: "gpu:1", Max: 3, Sbatch: []string{"--time=60"}}
	sent, err := Submit(t.Context(), plan(), opt)
	require.NoError(t, err)
	require.Equal(t, []int{5, 9, 0, 0}, []int{sent.Arrays, sent.Jobs, sent.Queued, sent.Done})
	list := calls(t, bin)
	require.Len(t, list, 5)
	require.Equal(t, "0-1%3", flag(t, list[0], "--array"))
	require.Empty(t, flag(t, list[0], "--dependency"))
	require.Equal(t, "gpu:1", flag(t, list[0], "--gres"))
	require.Equal(t, "afterok:101_0", flag(t, list[1], "--dependency"))
	require.Equal(t, "aftercorr:101", flag(t, list[3], "--dependency"))
	require.Empty(t, flag(t, list[3], "--gres"), "it needs no GPU")
	require.Equal(t, "afterok:101:104:102:103", flag(t, list[4], "--dependency"))
	require.Contains(t, list[4], "--time=60")
	text, err := os.ReadFile(filepath.Join(sent.Dir, "run.sh"))
	require.NoError(t, err)
	require.Contains(t, string(text), `srun --ntasks=1 '/opt/lpft' 'job' "$id" '--profile' 'it'\''s mine' '--keep' 'heads'`)

	array := func(n int) string { return fmt.Sprintf("lpft-%s-%d", filepath.Base(sent.Dir), n) }
	queue := fmt.Sprintf("101|1|RUNNING|%s|node1\n102|1|PENDING|%s|Dependency\n7|3|RUNNING|other|node2\n8|N/A|RUNNING|lpft-job|node2\n", array(0), array(1))
	require.NoError(t, os.WriteFile(filepath.Join(bin, "queue"), []byte(queue), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(sent.Dir, "1-0.exit"), []byte("137\n"), 0o644))
	states := Read(t.Context(), dir)
	require.NoError(t, states.Silent)
	require.Equal(t, map[string]Task{"fb": {"101_1", "RUNNING", "node1"}, "ta2": {"102_1", "PENDING", "Dependency"}}, states.Queued)
	require.Equal(t, map[string]Ended{"ta1": {"exit status 137", filepath.Join(sent.Dir, "1-0.log")}}, states.Ended)

	sent, err = Submit(t.Context(), plan("fa", "ka"), opt)
	require.NoError(t, err)
	require.Equal(t, []int{5, 2, 2}, []int{sent.Jobs, sent.Queued, sent.Done})
	list = calls(t, bin)[5:]
	require.Len(t, list, 4)
	require.Empty(t, flag(t, list[0], "--dependency"), "ta1: its features are there")
	require.Equal(t, "afterok:101_1", flag(t, list[1], "--dependency"), "tb1 and tb2 wait for the features in the queue")
	require.Contains(t, flag(t, list[3], "--dependency"), "102_1", "the report waits for the training in the queue too")
}

// An array that was sent before is known by its file alone, whatever else the folder holds.
func TestJobsOfStrangers(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"other", "lpft-", "lpft-x", "lpft-../../etc-0", "lpft-20260101t000000-0"} {
		require.Empty(t, jobsOf(dir, name), name)
	}
}

// What Slurm refuses is said in one line, and so is that there is no Slurm.
func TestSubmitRefused(t *testing.T) {
	programs(t)
	_, err := Submit(t.Context(), plan(), Options{Dir: t.TempDir(), Binary: "lpft", Partition: "nowhere"})
	require.EqualError(t, err, "sbatch: error: invalid partition specified: nowhere sbatch: error: Batch job submission failed: Invalid partition name specified")
	t.Setenv("PATH", t.TempDir())
	_, err = Submit(t.Context(), plan(), Options{Dir: t.TempDir(), Binary: "lpft"})
	require.ErrorContains(t, err, "no sbatch found")
	states := Read(t.Context(), t.TempDir())
	require.NoError(t, states.Silent)
	require.Empty(t, states.Queued)
}

// A controller that does not answer is no reason to know nothing; but sending without knowing the queue would send twice.
func TestSilentController(t *testing.T) {
	bin, dir := programs(t), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, "squeue"), []byte("#!/bin/sh\necho squeue: error: Unable to contact >&2; exit 1"), 0o755))
	states := Read(t.Context(), dir)
	require.ErrorContains(t, states.Silent, "Unable to contact")
	require.Empty(t, states.Queued)
	_, err := Submit(t.Context(), plan(), Options{Dir: dir, Binary: "lpft"})
	require.ErrorContains(t, err, "Unable to contact")
}

// A dry run prints what would be sent and writes nothing, with or without Slurm.
func TestDryRun(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	dir := t.TempDir()
	var out bytes.Buffer
	sent, err := Submit(t.Context(), plan(), Options{Dir: dir, Binary: "lpft", DryRun: &out})
	require.NoError(t, err)
	require.Equal(t, 9, sent.Jobs)
	require.Contains(t, out.String(), "--dependency=afterok:ARRAY0_0")
	require.Contains(t, out.String(), "trap : TERM")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestRanges(t *testing.T) {
	require.Equal(t, "0-2,5,7-8", ranges([]int{0, 1, 2, 5, 7, 8}))
}
