// Package labcommand is the command `lpft lab`. Two programs have it: lpft, and the small one that makes lpft, which opens
// the Lab while lpft is being built.
package labcommand

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"lpft/internal/lab"
	"lpft/internal/module"
	"lpft/lpftlib/store"
)

// Options are what the two programs do in their own ways.
type Options struct {
	Beside   func(ctx context.Context) error              // done while kernel and Python are made ready; may be nil
	Fit      func(ctx context.Context, lpft string) error // see [lab.Options]
	Complete func(ctx context.Context, home string) error // what --setup-only does at last
}

// flags of one `lpft lab`.
type flags struct {
	Options
	port                 int
	host, data, models   string
	noBrowser, setupOnly bool
}

// New is the command.
func New(o Options) *cobra.Command {
	l := flags{Options: o}
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Open the notebooks in JupyterLab, kernel \"Go (lpft)\" ready",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return l.run(cmd.Context()) },
	}
	f := cmd.Flags()
	f.IntVar(&l.port, "port", 0, "port to listen on (default 8888, or any free one when that is taken)")
	f.StringVar(&l.host, "host", "127.0.0.1", "address to listen on")
	f.StringVar(&l.data, "data", "", "parent folder of the data sets (default LPFT_DATA)")
	f.StringVar(&l.models, "models", "", "parent folder of checkpoints (default LPFT_MODELS)")
	f.BoolVar(&l.noBrowser, "no-browser", false, "do not open a browser")
	f.BoolVar(&l.setupOnly, "setup-only", false, "make everything ready that needs a network, and stop")
	return cmd
}

func (l *flags) run(ctx context.Context) error {
	if err := lab.ForCells(map[string]string{"LPFT_DATA": l.data, "LPFT_MODELS": l.models}); err != nil {
		return err
	}
	home, err := store.MakeHome()
	if err != nil {
		return err
	}
	root, err := module.Root()
	if err != nil {
		return err
	}
	env, err := l.setUp(ctx, home, root)
	if err != nil {
		return err
	}
	if l.setupOnly {
		if err := env.Complete(ctx); err != nil {
			return err
		}
		return l.Complete(ctx, home)
	}
	if !lab.Loopback(l.host) {
		say(fmt.Sprintf("WARNING: --host %s lets other machines in: whoever has the token runs programs here as you, and the connection is not encrypted; 127.0.0.1 with an ssh tunnel is safe", l.host))
	}
	return env.Lab(ctx, lab.LabOptions{
		Host: l.host, Port: l.port, NotebookDir: root, Default: filepath.Join("notebooks", "index.ipynb"), Browser: !l.noBrowser,
		Ready: func(url string) { fmt.Println(url) },
	})
}

// AddOffline gives the command above all others the flag --offline.
func AddOffline(root *cobra.Command) {
	var offline bool
	root.PersistentFlags().BoolVar(&offline, "offline", false, "never ask the network (as HF_HUB_OFFLINE=1 does)")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if !offline {
			return nil
		}
		return os.Setenv("HF_HUB_OFFLINE", "1") // notebooks' cells are told the same way
	}
}

// setUp makes ready what the Lab needs.
func (l *flags) setUp(ctx context.Context, home, root string) (env *lab.Env, err error) {
	work, ctx := errgroup.WithContext(ctx)
	if l.Beside != nil {
		work.Go(func() error { return l.Beside(ctx) })
	}
	work.Go(func() (err error) {
		env, err = lab.Setup(ctx, lab.Options{Home: home, ModuleRoot: root, Progress: say, Fit: l.Fit})
		return err
	})
	err = work.Wait()
	return env, err
}

func say(line string) { fmt.Fprintln(os.Stderr, line) }
