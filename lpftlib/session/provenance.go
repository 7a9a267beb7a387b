package session

import (
	"context"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/store"
	"lpft/lpftlib/task"
)

// Provenance opens the record of a result about a task that is written outside of the store.
func (s *Session) Provenance(ctx context.Context, id string, seed *uint64) (*store.Provenance, error) {
	d, _, be, err := s.parts(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.provenance(be, store.Step{}, d, seed), nil
}

// provenance opens the record that goes beside a step's result; seed is nil where nothing is random.
func (s *Session) provenance(be *backend.Backend, step store.Step, d *task.Data, seed *uint64) *store.Provenance {
	p := store.NewProvenance()
	p.Config, p.Seed = step.Inputs, seed
	p.Profile = s.Profile.Name
	p.Task, p.TaskDigest, p.TaskSource = d.Task.ID, d.Digest, d.Source
	if s.model != nil {
		p.Model, p.ModelDigest, p.ModelSource = s.model.Checkpoint.Name, s.model.Checkpoint.Digest, s.model.Checkpoint.Source
	}
	engineOf(p, be)
	return p
}

// engineOf notes what computed.
func engineOf(p *store.Provenance, be *backend.Backend) {
	p.Backend, p.Device, p.TF32, p.SIMD = be.Engine, be.Device, be.TF32, be.SIMD
	p.Plugin, p.PluginSHA = be.Plugin.Source, be.Plugin.SHA256
}
