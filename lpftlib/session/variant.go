package session

import (
	"context"
	"maps"

	"lpft/lpftlib/study"
)

// variant is the session under a changed profile, over the same store, model, data and backend. What it measures is kept under a
// kind of its own: a control, which [Runs] does not show among the profile's runs. change must not write into the profile's maps
// and slices.
func (s *Session) variant(ctx context.Context, change func(*study.Profile)) (*Session, error) {
	if _, err := s.Model(ctx); err != nil {
		return nil, err
	}
	if _, err := s.Backend(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := *s.Profile
	change(&p)
	return &Session{Profile: &p, Store: s.Store, opt: s.opt, be: s.be, model: s.model,
		data: maps.Clone(s.data), gone: maps.Clone(s.gone), texts: maps.Clone(s.texts), tokens: maps.Clone(s.tokens), keys: s.keys, tasks: s.tasks, control: true}, nil
}

// measuresKind is the kind of artefact that measures are.
func (s *Session) measuresKind() string {
	if s.control {
		return "control"
	}
	return "run"
}
