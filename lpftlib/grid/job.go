package grid

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Step is a planned step, as far as sharing it out needs to know it.
type Step struct {
	Key    string
	Label  string
	Unit   Unit
	Tokens float64 // that it passes through the encoder, forward; a training token counts as three
	Bytes  int64   // of its result
	Needs  []string
	Done   bool // its result is in the store
}

// Unit is what steps are done together.
type Unit struct {
	Kind string // "features", "training", …
	Of   string // tells units of a kind apart
}

// Job is one unit: a line of `lpft plan`.
type Job struct {
	ID       string   `json:"id"` // the key of its last step, shortened
	Kind     string   `json:"kind"`
	Label    string   `json:"label"`
	Needs    []string `json:"needs"`     // ids of jobs that must be done before
	Command  []string `json:"command"`   // does it
	Tokens   float64  `json:"tokens"`    // that are left to compute
	Seconds  float64  `json:"seconds"`   // that these take, at the plan's rate
	BytesIn  int64    `json:"bytes_in"`  // of other jobs' results and of the model, read
	BytesOut int64    `json:"bytes_out"` // of its results, still to be written
	GPU      bool     `json:"gpu"`       // it passes texts through the encoder
	Done     bool     `json:"done"`
	Level    int      `json:"level"` // the longest way to it from a job that needs none, in jobs

	Steps []string `json:"-"` // keys, in the order in which they are done
}

// Options are what a plan's steps do not say.
type Options struct {
	Rate       float64                   // tokens a second
	Start      float64                   // seconds that a job takes besides its tokens
	ModelBytes int64                     // of the encoder, which every job with tokens reads
	Command    func(id string) []string  // does a job
	Label      func(Unit, []Step) string // names a job
}

// idLength is how much of a key names a job: as much as `lpft store log` shows.
const idLength = 12

// Jobs makes jobs of steps, by level and then in the plan's order.
func Jobs(steps []Step, opt Options) ([]Job, error) {
	b := &builder{opt: opt, steps: map[string]Step{}, units: map[Unit][]Step{}}
	for _, s := range steps {
		if _, twice := b.steps[s.Key]; twice {
			return nil, fmt.Errorf("step %.12s (%s) is planned twice: expected each once", s.Key, s.Label)
		}
		b.steps[s.Key] = s
		if b.units[s.Unit] == nil {
			b.order = append(b.order, s.Unit)
		}
		b.units[s.Unit] = append(b.units[s.Unit], s)
	}
	var jobs []Job
	for _, u := range b.order {
		job, err := b.job(u)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, job)
	}
	if err := setLevels(jobs); err != nil {
		return nil, err
	}
	slices.SortStableFunc(jobs, func(a, b Job) int { return cmp.Compare(a.Level, b.Level) })
	return jobs, nil
}

// builder holds what jobs are made from.
type builder struct {
	opt   Options
	steps map[string]Step
	units map[Unit][]Step
	order []Unit
}

// id is the name of the unit's job.
func (b *builder) id(u Unit) string {
	steps := b.units[u]
	return steps[len(steps)-1].Key[:idLength]
}

// job makes a unit's job.
func (b *builder) job(u Unit) (Job, error) {
	steps := b.units[u]
	job := Job{ID: b.id(u), Kind: u.Kind, Label: b.opt.Label(u, steps), Needs: []string{}, Done: true}
	job.Command = b.opt.Command(job.ID)
	read, needed := map[string]bool{}, map[string]bool{}
	for _, s := range steps {
		job.Steps = append(job.Steps, s.Key)
		job.GPU = job.GPU || s.Tokens > 0
		if !s.Done {
			job.Done = false
			job.Tokens += s.Tokens
			job.BytesOut += s.Bytes
		}
		for _, key := range s.Needs {
			other, ok := b.steps[key]
			if !ok {
				return job, fmt.Errorf("step %.12s (%s) needs %.12s, which is not planned", s.Key, s.Label, key)
			}
			if other.Unit == u || read[key] {
				continue
			}
			read[key] = true
			if id := b.id(other.Unit); !needed[id] {
				needed[id] = true
				job.Needs = append(job.Needs, id)
			}
			if !s.Done {
				job.BytesIn += other.Bytes
			}
		}
	}
	if job.Tokens > 0 {
		job.BytesIn += b.opt.ModelBytes
	}
	if !job.Done {
		job.Seconds = job.Tokens/b.opt.Rate + b.opt.Start
	}
	return job, nil
}

// setLevels finds how deep each job lies, and refuses jobs that wait for each other.
func setLevels(jobs []Job) error {
	at := map[string]*Job{}
	for i := range jobs {
		at[jobs[i].ID] = &jobs[i]
	}
	const unknown, underWay = -1, -2
	for i := range jobs {
		jobs[i].Level = unknown
	}
	var visit func(j *Job, path []string) error
	visit = func(j *Job, path []string) error {
		path = append(path, j.Label)
		switch {
		case j.Level == underWay:
			return fmt.Errorf("jobs wait for each other: %s", strings.Join(path, " needs "))
		case j.Level >= 0:
			return nil
		}
		j.Level = underWay
		level := 0
		for _, id := range j.Needs {
			if err := visit(at[id], path); err != nil {
				return err
			}
			level = max(level, at[id].Level+1)
		}
		j.Level = level
		return nil
	}
	for i := range jobs {
		if err := visit(&jobs[i], nil); err != nil {
			return err
		}
	}
	return nil
}

// Find finds a job by its id.
func Find(jobs []Job, id string) (Job, bool) {
	i := slices.IndexFunc(jobs, func(j Job) bool { return j.ID == id })
	if i < 0 {
		return Job{}, false
	}
	return jobs[i], true
}

// WithNeeded are the jobs that are not done and that a job needs, directly or not, in the plan's order, and the job itself.
func WithNeeded(jobs []Job, last Job) []Job {
	wanted := map[string]bool{last.ID: true}
	for _, j := range slices.Backward(jobs) {
		if !wanted[j.ID] {
			continue
		}
		for _, id := range j.Needs {
			wanted[id] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(jobs), func(j Job) bool { return !wanted[j.ID] || j.Done && j.ID != last.ID })
}
