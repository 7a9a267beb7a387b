package store

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"lpft/lpftlib/atomicfile"
)

// Remote holds artefacts for stores on several machines; see package remote. A store trusts nothing of it: what it gives is
// checked before it becomes an artefact here.
type Remote interface {
	// Manifest is the manifest of an artefact as it was written, nil where there is no such artefact.
	Manifest(ctx context.Context, kind, key string) ([]byte, error)
	// File opens the content of an artefact's file.
	File(ctx context.Context, f FileDigest) (io.ReadCloser, error)
	// Name is what an artefact's manifest is called there, for errors.
	Name(kind, key string) string
}

// Behind puts a remote behind the store: what [Store.Find] and [Store.Do] miss here is taken from it, and what was taken stays.
func (s *Store) Behind(r Remote) { s.remote = r }

// Find is [Store.Lookup] that takes from the remote, if there is one, what is not here. What another process works on now
// is not there.
func (s *Store) Find(ctx context.Context, step Step) (*Artefact, bool, error) {
	p, err := s.place(step)
	if err != nil {
		return nil, false, err
	}
	a, ok, err := s.load(p)
	if ok || err != nil || s.remote == nil || s.readOnly != nil {
		return a, ok, err
	}
	held, err := s.tryLock(p.name)
	if err != nil || held == nil {
		return nil, false, err
	}
	defer held.release()
	if a, ok, err := s.load(p); ok || err != nil { // it has come meanwhile
		return a, ok, err
	}
	a, err = s.fetch(ctx, p)
	return a, a != nil, err
}

// Pull takes an artefact over from a remote, unless it is here. It returns nil where neither has it, and where another process
// works on it now.
func (s *Store) Pull(ctx context.Context, from Remote, kind, key string) (*Artefact, error) {
	if !kindPattern.MatchString(kind) || !keyPattern.MatchString(key) {
		return nil, fmt.Errorf("store: %.40q %.80q name no artefact", kind, key)
	}
	if err := s.writable(); err != nil {
		return nil, err
	}
	p := place{step: Step{Kind: kind}, key: key, name: kind + "-" + key[:16], dir: filepath.Join(s.dir, kind, key[:16])}
	held, err := s.tryLock(p.name)
	if err != nil || held == nil {
		return nil, err
	}
	defer held.release()
	if a, ok, err := s.load(p); ok || err != nil {
		return a, err
	}
	return s.fetchFrom(ctx, from, p)
}

// fetch takes the artefact at p over from the remote; nil where there is none, or none with every file where all are wanted.
// The lock of p is held.
func (s *Store) fetch(ctx context.Context, p place) (*Artefact, error) {
	if s.remote == nil {
		return nil, nil
	}
	return s.fetchFrom(ctx, s.remote, p)
}

func (s *Store) fetchFrom(ctx context.Context, from Remote, p place) (*Artefact, error) {
	start := time.Now()
	raw, err := from.Manifest(ctx, p.step.Kind, p.key)
	if err != nil || raw == nil {
		return nil, err
	}
	m, err := ParseManifest(from.Name(p.step.Kind, p.key), raw, p.step.Kind, p.key)
	if err != nil {
		return nil, err
	}
	if p.step.Whole && len(m.Dropped) > 0 {
		return nil, nil
	}
	staging := s.staging(p)
	defer os.RemoveAll(staging)
	if err := s.unpack(staging, raw, m, func(f FileDigest) (io.ReadCloser, error) { return from.File(ctx, f) }); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(p.dir), 0o755); err != nil {
		return nil, err
	}
	if err := takePlace(staging, p.dir); err != nil {
		return nil, err
	}
	if err := atomicfile.SyncDir(filepath.Dir(p.dir)); err != nil {
		return nil, err
	}
	p.step.Label = m.Label
	s.record(p, Pulled, time.Since(start))
	return &Artefact{Kind: m.Kind, Key: m.Key, Dir: p.dir, Manifest: *m, Reused: true}, nil
}

// ParseManifest checks the bytes of a manifest from elsewhere: its seal, and that it is of this artefact. name is what errors
// call it.
func ParseManifest(name string, data []byte, kind, key string) (*Manifest, error) {
	m, err := parseManifest(name, data, place{key: key})
	if err == nil && m.Kind != kind {
		return nil, refuse(name, "is of the kind %q", m.Kind)
	}
	return m, err
}

// LookBehind is [Store.Look] that asks the remote, if there is one, for what is not here, or not with every file.
func (s *Store) LookBehind(ctx context.Context, kind, key string) (Presence, error) {
	here := s.Look(kind, key)
	if s.remote == nil || s.readOnly != nil || here == Present {
		return here, nil
	}
	raw, err := s.remote.Manifest(ctx, kind, key)
	if err != nil || raw == nil {
		return here, err
	}
	m, err := ParseManifest(s.remote.Name(kind, key), raw, kind, key)
	switch {
	case err != nil: // who reads it says so, and it will be computed
		return here, nil
	case len(m.Dropped) > 0:
		return Light, nil
	}
	return Present, nil
}
