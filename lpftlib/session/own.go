package session

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"lpft/lpftlib/task"
)

// adopt takes up the task files among the tasks asked for: a task file of one's own runs through
// everything that the paper's tasks run through, with the profile's plan for such tasks.
func (s *Session) adopt(ctx context.Context) error {
	for i, name := range s.opt.Tasks {
		id, err := s.AdoptTask(ctx, strings.TrimSpace(name))
		if err != nil {
			return err
		}
		s.opt.Tasks[i] = id
	}
	return nil
}

// AdoptTask returns the id of a task: name itself, or what the task file that name is the path
// of says. A task file becomes one of the profile's tasks.
func (s *Session) AdoptTask(ctx context.Context, name string) (string, error) {
	if !strings.HasSuffix(name, ".json") {
		return name, nil
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	d, err := task.LoadFile(ctx, path, task.Options{})
	if err != nil {
		return "", err
	}
	id := d.Task.ID
	if plan := s.Profile.Tasks[id]; plan != nil && plan.File != path {
		return "", fmt.Errorf("task file %s: id %q is taken by a task of profile %s", path, id, s.Profile.Name)
	}
	if s.Profile.Tasks[id] == nil {
		plan := *s.Profile.Own
		plan.File = path
		s.Profile.Tasks[id] = &plan
	}
	return id, nil
}

// TaskArgs are tasks as another process must name them: ids, and paths of task files.
func (s *Session) TaskArgs(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id
		if file := s.Profile.Plan(id).File; file != "" {
			out[i] = file
		}
	}
	return out
}
