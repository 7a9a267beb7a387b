package items

import (
	"context"
	"fmt"
	"strings"
	"time"

	"lpft/lpftlib/session"
)

// State is what the store holds of an item's needs.
type State struct {
	Steps, Missing int
	Tokens         float64 // that the missing steps pass through the encoder
	Command        string  // makes the item without a notebook
	Lacks          string  // where results are only read, which of them are missing; "" for none
}

// String is the state in words.
func (s State) String() string {
	switch {
	case s.Steps == 0:
		return "computed at once"
	case s.Missing == 0:
		return "cached"
	case s.Lacks != "":
		return s.Lacks
	}
	return fmt.Sprintf("%d of %d steps to compute: %s", s.Missing, s.Steps, s.Command)
}

// StateOf plans an item and looks what of it is there.
func StateOf(ctx context.Context, s *session.Session, item Item) (State, error) {
	steps, err := item.Needs(ctx, s)
	if err != nil {
		return State{}, err
	}
	if steps, err = s.LookBehind(ctx, steps, func(session.Planned) bool { return true }); err != nil {
		return State{}, err
	}
	ids, err := s.Tasks(ctx)
	if err != nil {
		return State{}, err
	}
	out := State{Steps: len(steps), Command: command(s, ids, item)}
	for _, step := range steps {
		if !step.Cached {
			out.Missing++
			out.Tokens += step.Tokens
		}
	}
	if s.Reads() {
		out.Command, err = submission(s, ids, item)
		out.Lacks = lacks(steps, out.Command)
	}
	return out, err
}

// lacks says which of the results that an item shows are missing; "" for none. Features need not be there for that.
func lacks(steps []session.Planned, command string) string {
	there, all := map[bool]int{}, map[bool]int{} // by whether it is a run's measures
	for _, step := range steps {
		if step.Step.Kind == "features" {
			continue
		}
		run := step.Step.Kind == "run"
		all[run]++
		if step.Cached {
			there[run]++
		}
	}
	switch {
	case there[true] < all[true]:
		return fmt.Sprintf("%d of %d runs are there; missing: %s", there[true], all[true], command)
	case there[false] < all[false]:
		return fmt.Sprintf("%d of %d results are there; missing: %s", there[false], all[false], command)
	}
	return ""
}

// Announce says what building an item computes first: how many steps, how long they take at this machine's
// rate, and the command that makes them without a notebook. "" when all is there.
func Announce(ctx context.Context, s *session.Session, item Item) (string, error) {
	state, err := StateOf(ctx, s, item)
	if err != nil || state.Missing == 0 || s.Reads() { // what is only read is not about to be computed
		return "", err
	}
	ids, err := s.Tasks(ctx)
	if err != nil {
		return "", err
	}
	rate, err := s.Rate(ctx, ids[0])
	if err != nil {
		return "", err
	}
	took := time.Duration(state.Tokens / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%d of %d steps are not there yet: about %s here. The same without a notebook: %s", state.Missing, state.Steps, max(took, time.Second), state.Command), nil
}

// command makes an item with this session's profile, tasks and seeds.
func command(s *session.Session, ids []string, item Item) string {
	return "lpft reproduce " + about(s, ids) + " --only " + item.ID
}

// submission has a cluster make an item: with the engine too, which its machines and this one must name alike.
func submission(s *session.Session, ids []string, item Item) (string, error) {
	be, err := s.Backend()
	if err != nil {
		return "", err
	}
	return "lpft submit slurm " + about(s, ids) + " --backend " + strings.Replace(be.Arithmetic(), ",tf32", ",tf32=true", 1) + " --only " + item.ID, nil
}

// about are a session's profile, tasks and seeds as flags.
func about(s *session.Session, ids []string) string {
	seeds := strings.ReplaceAll(strings.Trim(fmt.Sprint(s.Profile.Seeds), "[]"), " ", ",")
	return fmt.Sprintf("--profile %s --tasks %s --seeds %s", s.Profile.From, strings.Join(s.TaskArgs(ids), ","), seeds)
}
