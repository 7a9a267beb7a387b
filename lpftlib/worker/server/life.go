package server

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"lpft/lpftlib/worker"
)

// longestIdle is after how many times its idle time a worker ends though a notebook is open: some devices have their memory
// back only when a process ends.
const longestIdle = 6

// logLimit bounds the log.
const logLimit = 1 << 20

// watch ends the server when nobody needs it.
func (s *Server) watch(ctx context.Context) {
	tick := time.NewTicker(max(s.opt.Idle/20, 10*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if info, err := os.Stat(s.opt.Log); err == nil && info.Size() > logLimit {
			_ = os.Truncate(s.opt.Log, 0) // it is written at its end
		}
		if s.begunRest() && s.opt.Rest != nil {
			s.opt.Rest()
		}
		if s.unneeded() {
			s.end(errIdle)
			return
		}
	}
}

// begunRest says, once after the last request, that nothing was asked for some time.
func (s *Server) begunRest() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resting || len(s.requests) > 0 || time.Since(s.last) < s.opt.Idle {
		return false
	}
	s.resting = true
	return true
}

// unneeded says that nothing was asked for some time and no notebook is open that might ask.
func (s *Server) unneeded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	idle := time.Since(s.last)
	if len(s.requests) > 0 || idle < s.opt.Idle {
		return false
	}
	return idle >= longestIdle*s.opt.Idle || s.open() == 0
}

// open counts the notebooks that have asked and are open.
func (s *Server) open() int {
	maps.DeleteFunc(s.kernels, func(pid int, _ bool) bool { return !alive(pid) })
	return len(s.kernels)
}

// status is what the server says of itself.
func (s *Server) status() (worker.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := worker.Status{PID: os.Getpid(), Started: s.started, Log: s.opt.Log, Kernels: s.open(), Memory: resident()}
	for r := range s.requests {
		line := worker.Running{Verb: r.Verb, Study: name(r.Study), Since: r.since, Waiting: s.holder != nil && s.holder != r}
		if r.now.Label != "" {
			line.Now = r.now.Line(time.Now())
		}
		out.Running = append(out.Running, line)
	}
	slices.SortFunc(out.Running, func(a, b worker.Running) int { return cmp.Compare(a.Since.UnixNano(), b.Since.UnixNano()) })
	if s.opt.Kept != nil {
		out.Kept = s.opt.Kept()
	}
	return out, nil
}

// name is a study in a few words.
func name(s worker.Study) string {
	text := "profile " + s.Profile
	if len(s.Tasks) > 0 {
		text += fmt.Sprintf(", tasks %v", s.Tasks)
	}
	if len(s.Seeds) > 0 {
		text += fmt.Sprintf(", seeds %v", s.Seeds)
	}
	return text
}
