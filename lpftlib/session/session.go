package session

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"lpft/internal/huggingface"
	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/pretrained"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/store"
	"lpft/lpftlib/store/remote"
	"lpft/lpftlib/study"
	"lpft/lpftlib/task"
	"lpft/lpftlib/tokenizer"
)

// Options say where a session finds things. Empty fields mean the environment's value, then
// the default.
type Options struct {
	Profile   string   // name or path; default LPFT_PROFILE, then "demo"
	Tasks     []string // ids, or paths of task files; default LPFT_TASKS (comma-separated), then the profile's
	Seeds     []uint64 // default LPFT_SEEDS (comma-separated), then the profile's
	Home      string   // artefacts, models, the notebooks' Python; default LPFT_HOME, then the user's cache folder
	DataDir   string   // original data files; default LPFT_DATA
	ModelsDir string   // checkpoints' parent folder; default LPFT_MODELS
	Backend   string   // default GOMLX_BACKEND, then the best there is
	Remote    string   // URL of a bucket with results of other machines; default LPFT_REMOTE, then none
	Reads     bool     // nothing is computed: results are other machines' work
	Offline   bool     // never ask the network; default HF_HUB_OFFLINE
	// Open opens the engine. Default [backend.Open], which fetches nothing: a cell must not wait for a network.
	Open     func(spec string) (*backend.Backend, error)
	Progress progress.Sink
	Say      func(string) // one-line messages; default: standard error
	// Turn, where several share an engine, lets one step after the other be computed: it calls compute when it is ctx's turn. The
	// context that it gives to compute is that of the turn: steps within one are part of it.
	Turn func(ctx context.Context, compute func(context.Context) error) error
}

// Session is a profile bound to a model, data, a backend and a store.
type Session struct {
	Profile *study.Profile
	Store   *store.Store
	opt     Options

	remote *remote.Remote // nil for none

	mu      sync.Mutex
	be      *backend.Backend
	model   *Model
	data    map[string]*task.Data
	gone    map[string]error                 // tasks that were found nowhere: the Hub is not asked twice
	texts   map[[2]string][]encoder.Encoding // tokenised splits, by task and split
	tokens  map[[2]string]float64            // of splits, counted for plans
	keys    *keyring                         // of steps
	tasks   []string                         // resolved by Tasks
	control bool                             // what it measures are controls, see [Session.variant]
}

// Open reads the profile and opens the store. Model, data and backend are opened when a verb
// first needs them.
func Open(ctx context.Context, opt Options) (*Session, error) {
	if err := opt.complete(); err != nil {
		return nil, err
	}
	profile, err := study.LoadProfile(opt.Profile)
	if err != nil {
		return nil, err
	}
	if len(opt.Seeds) > 0 {
		if err := study.CheckSeeds(opt.Seeds); err != nil {
			return nil, err
		}
		profile.Seeds = opt.Seeds
	}
	st, err := store.Open(filepath.Join(opt.Home, "store"))
	if err != nil {
		return nil, err
	}
	s := &Session{Profile: profile, Store: st, opt: opt, data: map[string]*task.Data{}, gone: map[string]error{},
		texts: map[[2]string][]encoder.Encoding{}, tokens: map[[2]string]float64{}, keys: &keyring{known: map[string]string{}}}
	if err := s.adopt(ctx); err != nil {
		return nil, err
	}
	s.opt.Progress = func(u progress.Update) { st.Report(u); opt.Progress(u) }
	if opt.Remote != "" {
		if s.remote, err = remote.Open(ctx, opt.Remote); err != nil {
			return nil, err
		}
		st.Behind(s.remote)
	}
	// Cells say nothing on their own; their progress is what a headless run and a notebook show.
	st.OnWait(func(w store.Wait) {
		opt.Progress(WaitUpdate(w))
	})
	return s, nil
}

// complete fills empty fields from the environment and defaults.
func (o *Options) complete() error {
	first := func(values ...string) string {
		for _, v := range values {
			if v != "" {
				return v
			}
		}
		return ""
	}
	o.Profile = first(o.Profile, os.Getenv("LPFT_PROFILE"), "demo")
	o.DataDir = first(o.DataDir, os.Getenv("LPFT_DATA"))
	o.ModelsDir = first(o.ModelsDir, os.Getenv("LPFT_MODELS"))
	o.Remote = first(o.Remote, os.Getenv(remote.EnvVar))
	if o.Home == "" {
		home, err := store.Home()
		if err != nil {
			return err
		}
		o.Home = home
	}
	o.Tasks = slices.Clone(o.Tasks)
	if len(o.Tasks) == 0 && os.Getenv("LPFT_TASKS") != "" {
		o.Tasks = strings.Split(os.Getenv("LPFT_TASKS"), ",")
	}
	if len(o.Seeds) == 0 && os.Getenv("LPFT_SEEDS") != "" {
		seeds, err := study.ParseSeeds(os.Getenv("LPFT_SEEDS"))
		if err != nil {
			return fmt.Errorf("LPFT_SEEDS: %w", err)
		}
		o.Seeds = seeds
	}
	o.Offline = o.Offline || huggingface.Offline() != ""
	if o.Open == nil {
		o.Open = backend.Open
	}
	if o.Progress == nil {
		o.Progress = progress.Discard
	}
	if o.Turn == nil {
		o.Turn = func(ctx context.Context, compute func(context.Context) error) error { return compute(ctx) }
	}
	if o.Say == nil {
		o.Say = func(line string) { fmt.Fprintln(os.Stderr, line) }
	}
	return nil
}

// Backend opens the backend at the first call.
func (s *Session) Backend() (*backend.Backend, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.be == nil {
		be, err := s.opt.Open(s.opt.Backend)
		if err != nil && s.Reads() { // whose engine may be one that is not here
			if named, ok, _ := backend.Named(s.opt.Backend); ok {
				be, err = named, nil
			}
		}
		if err != nil {
			return nil, err
		}
		s.opt.Say(be.Why)
		s.be = be
	}
	return s.be, nil
}

// Model is a checkpoint with its tokenizer.
type Model struct {
	Checkpoint *pretrained.Checkpoint
	Config     *encoder.Config
	Tokenizer  *tokenizer.Tokenizer
	Digest     string // of weights, configuration and tokenizer: all that a text's features depend on
}

// StandIn says which model is used in the paper's model's place, "" when it is the paper's.
func (m *Model) StandIn() string {
	if m.Checkpoint.Name == "roberta-base" {
		return ""
	}
	return m.Checkpoint.Name
}

// Model finds the profile's checkpoint at the first call: in a folder, the Hugging Face
// cache, on the Hub, or for MiniLM in its Python package.
func (s *Session) Model(ctx context.Context) (*Model, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.model != nil {
		return s.model, nil
	}
	cp, err := s.checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	cfg, err := encoder.ReadConfig(cp.Dir)
	if err != nil {
		return nil, err
	}
	tok, err := tokenizer.Load(cp.Dir)
	if err != nil {
		return nil, err
	}
	digest, err := store.DigestJSON([]any{cp.Digest, cfg, tok.Digest()})
	if err != nil {
		return nil, err
	}
	s.model = &Model{Checkpoint: cp, Config: cfg, Tokenizer: tok, Digest: digest}
	return s.model, nil
}

func (s *Session) checkpoint(ctx context.Context) (*pretrained.Checkpoint, error) {
	if s.Profile.Model == "tiny" {
		return tinyCheckpoint(filepath.Join(s.opt.Home, "models", "tiny"))
	}
	return pretrained.Resolve(ctx, s.Profile.Model, s.pretrainedOptions())
}

func (s *Session) pretrainedOptions() pretrained.Options {
	return pretrained.Options{ModelsDir: s.opt.ModelsDir, Home: s.opt.Home, Offline: s.opt.Offline, Endpoint: os.Getenv("HF_ENDPOINT")}
}

// Tasks are the tasks this session runs: those asked for, else the profile's for which there
// is data, else the profile's fallback, with a loud line.
func (s *Session) Tasks(ctx context.Context) ([]string, error) {
	s.mu.Lock()
	chosen := s.tasks
	s.mu.Unlock()
	if chosen != nil {
		return chosen, nil
	}
	if len(s.opt.Tasks) > 0 {
		for _, id := range s.opt.Tasks {
			if s.Profile.Tasks[id] == nil {
				return nil, fmt.Errorf("profile %s has no task %q: it has %s", s.Profile.Name, id, strings.Join(s.Profile.Known(), ", "))
			}
		}
		return s.choose(s.opt.Tasks), nil
	}
	var there, missing []string
	for _, id := range s.Profile.TaskIDs() {
		_, err := s.Data(ctx, id)
		switch {
		case err == nil:
			there = append(there, id)
		case task.IsAbsent(err):
			missing = append(missing, err.Error())
		default:
			return nil, err // a broken file is never passed over in silence
		}
	}
	if len(there) > 0 {
		for _, why := range missing {
			s.opt.Say("left out: " + why)
		}
		return s.choose(there), nil
	}
	if s.Profile.Fallback == "" {
		return nil, fmt.Errorf("no data: %s", strings.Join(missing, "; "))
	}
	s.opt.Say(fmt.Sprintf("NOTE: no data for %s: the built-in task %q is used instead (%s)", strings.Join(s.Profile.TaskIDs(), ", "), s.Profile.Fallback, missing[0]))
	return s.choose([]string{s.Profile.Fallback}), nil
}

func (s *Session) choose(ids []string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tasks = ids
	return ids
}

// Data loads a task at the first call.
func (s *Session) Data(ctx context.Context, id string) (*task.Data, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.data[id]; d != nil {
		return d, nil
	}
	if err := s.gone[id]; err != nil {
		return nil, err
	}
	d, err := s.load(ctx, id)
	if err != nil {
		if task.IsAbsent(err) {
			s.gone[id] = err
		}
		return nil, err
	}
	s.data[id] = d
	return d, nil
}

// load reads a task of the catalogue, or the task file that the profile names for it.
func (s *Session) load(ctx context.Context, id string) (*task.Data, error) {
	opt := task.Options{Dir: s.opt.DataDir, Hub: task.HubOptions{Offline: s.opt.Offline}}
	opt.FirstRows, opt.TestRows = s.Profile.Rows(id)
	if file := s.Profile.Plan(id).File; file != "" {
		return task.LoadFile(ctx, file, opt)
	}
	return task.Load(ctx, id, opt)
}

// WholeData loads a task of the catalogue with all its rows, whatever the profile cuts.
func (s *Session) WholeData(ctx context.Context, id string) (*task.Data, error) {
	if train, test := s.Profile.Rows(id); train == 0 && test == 0 {
		return s.Data(ctx, id)
	}
	return task.Load(ctx, id, task.Options{Dir: s.opt.DataDir, Hub: task.HubOptions{Offline: s.opt.Offline}})
}

// Missed says that data were looked for and not there: who keeps a session open asks a new one after some time.
func (s *Session) Missed() bool {
	if !s.mu.TryLock() { // something is being fetched: it is in use
		return false
	}
	defer s.mu.Unlock()
	return len(s.gone) > 0
}
