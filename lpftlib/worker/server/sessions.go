package server

import (
	"context"
	"encoding/json"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/session"
	"lpft/lpftlib/store"
	"lpft/lpftlib/worker"
)

// Sessions keeps sessions open between requests, each with its data and tokenised texts, all with one engine. That keeps
// pre-trained weights on its device and compiled graphs for all of them ([backend.Backend.Once]).
type Sessions struct {
	home string
	open func(spec string) (*backend.Backend, error)
	show progress.Sink
	turn func(context.Context, func(context.Context) error) error

	fills bool // what a study's remote lacks is computed

	mu   sync.Mutex
	kept []*kept // the last used last

	opening sync.Mutex
	engines map[string]*backend.Backend // by what was asked for; under opening
}

// kept is an open session and what it was opened for.
type kept struct {
	*session.Session
	study  string // as JSON
	name   string
	inputs string // state of the files that it reads, when it was opened
	opened time.Time
}

// most is how many sessions are kept.
const most = 4

// NewSessions keeps sessions of a store; open opens an engine.
func NewSessions(home string, open func(spec string) (*backend.Backend, error)) *Sessions {
	return &Sessions{home: home, open: open, show: progress.Discard, engines: map[string]*backend.Backend{},
		turn: func(ctx context.Context, compute func(context.Context) error) error { return compute(ctx) }}
}

// For has the sessions show what they do, and compute in turn, as a server wants it.
func (k *Sessions) For(s *Server) { k.show, k.turn, k.fills = s.Show, s.Turn, s.opt.Fills }

// Names are the studies that are at hand.
func (k *Sessions) Names() (names []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.kept {
		names = append(names, s.name)
	}
	return names
}

// Rest gives back what is kept: it is read and compiled again when it is wanted.
func (k *Sessions) Rest() {
	k.mu.Lock()
	k.kept = nil
	k.mu.Unlock()
	k.opening.Lock()
	defer k.opening.Unlock()
	for _, be := range k.engines {
		be.Drop(backend.Graphs)
		be.Drop(backend.Weights)
	}
	debug.FreeOSMemory()
}

// Session is an open session of a study: the one that is kept, if the files that it reads are as they were, else a new one.
func (k *Sessions) Session(ctx context.Context, study worker.Study) (*session.Session, error) {
	raw, err := json.Marshal(study)
	if err != nil {
		return nil, err
	}
	inputs := stateOf(study, k.home)
	k.mu.Lock()
	defer k.mu.Unlock()
	at := slices.IndexFunc(k.kept, func(s *kept) bool { return s.study == string(raw) })
	if at >= 0 {
		s := k.kept[at]
		k.kept = slices.Delete(k.kept, at, at+1)
		if s.inputs == inputs && !(s.Missed() && time.Since(s.opened) > forget) {
			k.kept = append(k.kept, s)
			return s.Session, nil
		}
	}
	s, err := k.openSession(ctx, study)
	if err != nil {
		return nil, err
	}
	k.kept = append(k.kept, &kept{s, string(raw), name(study), inputs, time.Now()})
	k.kept = k.kept[max(0, len(k.kept)-most):]
	return s, nil
}

// forget is after how long data that were not there are looked for again.
const forget = time.Minute

func (k *Sessions) openSession(ctx context.Context, study worker.Study) (*session.Session, error) {
	s, err := session.Open(ctx, session.Options{Profile: study.Profile, Tasks: study.Tasks, Seeds: study.Seeds, Home: k.home,
		DataDir: study.Data, ModelsDir: study.Models, Backend: study.Backend, Offline: study.Offline, Remote: study.Remote, Reads: study.Remote != "" && !k.fills,
		Open: k.engine, Progress: k.show, Say: func(string) {}, Turn: k.turn})
	if err != nil {
		return nil, err
	}
	s.Store.OnWait(func(w store.Wait) {
		if !w.Own() { // what another request computes is shown as it is
			k.show(session.WaitUpdate(w))
		}
	})
	return s, nil
}

// engine opens an engine once.
func (k *Sessions) engine(spec string) (*backend.Backend, error) {
	k.opening.Lock()
	defer k.opening.Unlock()
	if be := k.engines[spec]; be != nil {
		return be, nil
	}
	be, err := k.open(spec)
	if err == nil {
		k.engines[spec] = be
	}
	return be, err
}
