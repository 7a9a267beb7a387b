package server

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"lpft/lpftlib/items"
	"lpft/lpftlib/session"
	"lpft/lpftlib/task"
	"lpft/lpftlib/worker"
)

// Verbs are what the worker does with sessions.
func Verbs(k *Sessions) map[string]Handler {
	v := map[string]Handler{}
	on(v, k, worker.Describe, describe)
	on(v, k, worker.Tasks, func(ctx context.Context, s *session.Session, _ worker.None) ([]worker.Task, error) {
		return tasks(ctx, s)
	})
	on(v, k, worker.OneTask, func(ctx context.Context, s *session.Session, a worker.TaskArgs) (worker.Task, error) {
		return oneTask(ctx, s, a.Task)
	})
	on(v, k, worker.TestSets, func(ctx context.Context, s *session.Session, a worker.TaskArgs) ([]string, error) {
		return s.TestSets(ctx, a.Task)
	})
	on(v, k, worker.Examples, func(ctx context.Context, s *session.Session, a worker.SplitArgs) ([]task.Example, error) {
		return s.Examples(ctx, a.Task, a.Split)
	})
	on(v, k, worker.Tokens, tokens)
	on(v, k, worker.Announce, func(ctx context.Context, s *session.Session, a worker.ItemArgs) (out worker.Announcement, err error) {
		item, err := items.ByID(a.ID)
		if err != nil {
			return out, err
		}
		text, err := items.Announce(ctx, s, item)
		return worker.Announcement{Title: item.Title, Text: text}, err
	})
	on(v, k, worker.MakeItem, makeItem)
	on(v, k, worker.Contents, contents)
	computing(v, k)
	small(v, k)
	return v
}

// on adds a verb: what do does with the session of the request's study.
func on[A, R any](v map[string]Handler, k *Sessions, verb worker.Verb[A, R], do func(context.Context, *session.Session, A) (R, error)) {
	v[verb.Name] = func(ctx context.Context, r *Request) (any, error) {
		var args A
		if err := json.Unmarshal(r.Args, &args); err != nil {
			return nil, fmt.Errorf("arguments of %s: %w", verb.Name, err)
		}
		s, err := k.Session(ctx, r.Study)
		if err != nil {
			return nil, err
		}
		return do(ctx, s, args)
	}
}

func describe(ctx context.Context, s *session.Session, _ worker.None) (out worker.Description, err error) {
	m, err := s.Model(ctx)
	if err != nil {
		return out, err
	}
	be, err := s.Backend()
	if err != nil {
		return out, err
	}
	out.Model = fmt.Sprintf("%s from %s: %d layers, h = %d", m.Checkpoint.Name, m.Checkpoint.Source, m.Config.Layers, m.Config.Hidden)
	out.Backend = strings.TrimPrefix(be.Why, "backend ")
	if out.Tasks, err = tasks(ctx, s); err != nil {
		return out, err
	}
	out.Notes, err = s.StudyNotes(ctx)
	return out, err
}

func tasks(ctx context.Context, s *session.Session) (out []worker.Task, err error) {
	ids, err := s.Tasks(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		t, err := oneTask(ctx, s, id)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func oneTask(ctx context.Context, s *session.Session, id string) (worker.Task, error) {
	d, err := s.Data(ctx, id)
	if err != nil {
		return worker.Task{}, err
	}
	return worker.Task{ID: id, Name: d.Task.Name, Classes: d.Task.Classes, Rows: d.Counts(), Source: d.Source}, nil
}

func tokens(ctx context.Context, s *session.Session, a worker.SplitArgs) ([][]int32, error) {
	texts, err := s.Texts(ctx, a.Task, a.Split)
	if err != nil {
		return nil, err
	}
	out := make([][]int32, len(texts))
	for i, t := range texts {
		out[i] = t.IDs
	}
	return out, nil
}

func makeItem(ctx context.Context, s *session.Session, a worker.ItemArgs) (*worker.Item, error) {
	item, err := items.ByID(a.ID)
	if err != nil {
		return nil, err
	}
	built, err := item.Build(ctx, s, a.Colors)
	if err != nil {
		return nil, err
	}
	drawn, err := built.Report()
	return &worker.Item{Item: drawn, Claims: built.Claims}, err
}

func contents(ctx context.Context, s *session.Session, _ worker.None) (out []worker.Content, err error) {
	for _, item := range items.All() {
		state, err := items.StateOf(ctx, s, item)
		if err != nil {
			return nil, err
		}
		out = append(out, worker.Content{Title: item.Title, Notebook: item.Notebook, State: state.String()})
	}
	return out, nil
}
