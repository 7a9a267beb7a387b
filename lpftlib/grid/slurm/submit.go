package slurm

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lpft/lpftlib/grid"
)

// Options say how jobs are sent.
type Options struct {
	Dir       string   // below which submissions are kept; shared by all nodes
	Binary    string   // lpft, on every node
	Arguments []string // that every job gets besides the plan's
	Partition string
	Gres      string // of a job that needs a GPU
	Max       int    // tasks of an array at a time; 0: no limit
	Sbatch    []string
	DryRun    io.Writer // where commands are printed instead of run; nil: they are run
}

// Sent says what was done.
type Sent struct {
	Dir                        string // of the submission; "" where nothing was sent
	Arrays, Jobs, Queued, Done int
}

// Submit sends the jobs that are neither done nor in the queue.
func Submit(ctx context.Context, jobs []grid.Job, opt Options) (*Sent, error) {
	if opt.DryRun == nil {
		if _, err := exec.LookPath("sbatch"); err != nil {
			return nil, errors.New("no sbatch found: submit on a machine of the cluster where jobs are submitted, or see what would be sent with --dry-run")
		}
	}
	queue, err := readQueue(ctx, opt.Dir)
	if err != nil && opt.DryRun == nil { // or what is queued would be sent twice
		return nil, err
	}
	sent := &Sent{}
	arrays := Arrays(jobs, func(j grid.Job) bool {
		_, queued := queue[j.ID]
		switch {
		case j.Done:
			sent.Done++
		case queued:
			sent.Queued++
		default:
			return true
		}
		return false
	})
	if len(arrays) == 0 {
		return sent, nil
	}
	s := &submission{Options: opt, name: name(), places: map[string]string{}, sizes: map[string]int{}}
	for id, task := range queue {
		s.places[id] = task.ID
	}
	sent.Dir = filepath.Join(opt.Dir, s.name)
	first := arrays[0].Jobs[0]
	if err := s.prepare(sent.Dir, commandOf(opt.Binary, first.ID, first.Command, opt.Arguments)); err != nil {
		return nil, err
	}
	for n, a := range arrays {
		if err := s.send(ctx, n, a); err != nil {
			return sent, err
		}
		sent.Arrays, sent.Jobs = sent.Arrays+1, sent.Jobs+len(a.Jobs)
	}
	return sent, nil
}

// name is a new submission's name; later ones sort behind.
func name() string {
	var random [2]byte
	_, _ = rand.Read(random[:]) // never fails
	return time.Now().UTC().Format("20060102t150405") + hex.EncodeToString(random[:])
}

// submission is one under way.
type submission struct {
	Options
	name   string
	dir    string
	ids    []string          // Slurm's, by array
	sizes  map[string]int    // tasks of an array, by Slurm's id
	places map[string]string // Slurm's name of a job's task, by job
}

// prepare writes what all arrays share.
func (s *submission) prepare(dir string, command []string) error {
	s.dir = dir
	text := script(dir, command)
	if s.DryRun != nil {
		_, err := fmt.Fprintf(s.DryRun, "%s/run.sh:\n%s\n", dir, text)
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "run.sh"), []byte(text), 0o755)
}

// send writes an array's jobs and submits it.
func (s *submission) send(ctx context.Context, n int, a Array) error {
	var list strings.Builder
	for i, j := range a.Jobs {
		fmt.Fprintf(&list, "%d %s\n", a.Index[i], j.ID)
	}
	args := s.arguments(n, a)
	if s.DryRun != nil {
		s.note(n, a, fmt.Sprintf("ARRAY%d", n))
		_, err := fmt.Fprintf(s.DryRun, "jobs-%d:\n%ssbatch %s\n\n", n, list.String(), strings.Join(args, " "))
		return err
	}
	if err := os.WriteFile(filepath.Join(s.dir, fmt.Sprintf("jobs-%d", n)), []byte(list.String()), 0o644); err != nil {
		return err
	}
	out, err := output(ctx, "sbatch", args...)
	if err != nil {
		return err
	}
	id, _, _ := strings.Cut(strings.TrimSpace(out), ";")
	s.note(n, a, id)
	return nil
}

// note keeps where an array's jobs are.
func (s *submission) note(n int, a Array, id string) {
	s.ids, s.sizes[id] = append(s.ids, id), len(a.Jobs)
	for i, j := range a.Jobs {
		s.places[j.ID] = fmt.Sprintf("%s_%d", id, a.Index[i])
	}
}

// arguments are sbatch's for an array.
func (s *submission) arguments(n int, a Array) []string {
	index := ranges(a.Index)
	if s.Max > 0 {
		index += fmt.Sprintf("%%%d", s.Max)
	}
	args := []string{"--parsable", "--job-name=" + prefix + s.name + "-" + fmt.Sprint(n), "--array=" + index, "--ntasks=1", "--requeue",
		fmt.Sprintf("--signal=TERM@%d", Grace), "--kill-on-invalid-dep=yes", "--open-mode=append",
		"--output=" + filepath.Join(s.dir, fmt.Sprintf("%d-%%a.log", n))}
	if s.Partition != "" {
		args = append(args, "--partition="+s.Partition)
	}
	if a.GPU && s.Gres != "" {
		args = append(args, "--gres="+s.Gres)
	}
	if on := s.dependency(a); on != "" {
		args = append(args, "--dependency="+on)
	}
	args = append(args, s.Sbatch...)
	return append(args, filepath.Join(s.dir, "run.sh"), fmt.Sprint(n))
}

// ranges writes ascending numbers as sbatch reads them: 0-3,7.
func ranges(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		last := i
		for last+1 < len(numbers) && numbers[last+1] == numbers[last]+1 {
			last++
		}
		part := fmt.Sprint(numbers[i])
		if last > i {
			part += fmt.Sprintf("-%d", numbers[last])
		}
		parts = append(parts, part)
		i = last + 1
	}
	return strings.Join(parts, ",")
}

// dependency is what an array waits for, in sbatch's words.
func (s *submission) dependency(a Array) string {
	if a.Pairs >= 0 {
		return "aftercorr:" + s.ids[a.Pairs]
	}
	count := map[string]int{} // tasks of each of this submission's arrays that are waited for
	for _, id := range a.Needs {
		array, _, _ := strings.Cut(s.places[id], "_")
		count[array]++
	}
	var on []string
	for _, id := range a.Needs {
		array, _, _ := strings.Cut(s.places[id], "_")
		if size, own := s.sizes[array]; own && size == count[array] {
			if !slices.Contains(on, array) {
				on = append(on, array)
			}
			continue
		}
		on = append(on, s.places[id])
	}
	if len(on) == 0 {
		return ""
	}
	return "afterok:" + strings.Join(on, ":")
}

// output runs a program of Slurm's; what it says on standard error is the error, in one line.
func output(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		text := strings.Join(strings.Fields(said.String()), " ")
		if text == "" {
			text = err.Error()
		}
		return "", fmt.Errorf("%s: %s", program, strings.TrimPrefix(text, program+": "))
	}
	return out.String(), nil
}
