package command

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/store"
	"lpft/lpftlib/worker"
	"lpft/lpftlib/worker/server"
)

// idle is how long a resident worker waits for a notebook.
const idle = 10 * time.Minute

func workerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "The process that computes for notebooks' cells: what it does, its end",
		Long: `Cells link no engine: a resident worker computes for them and keeps the engine, weights, compiled programs
and tokenised data between cells and notebooks. The first cell that needs it starts it; when it was idle for ` + idle.String() + ` it gives
them back, and ends if no notebook is open. LPFT_WORKER=off gives each cell a worker of its own.`,
	}
	cmd.AddCommand(workerStatusCommand(), workerStopCommand(), workerRunCommand())
	return cmd
}

func workerStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "What runs, and what is kept",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, err := store.Home()
			if err != nil {
				return err
			}
			s, err := worker.Ask(home)
			if errors.Is(err, worker.ErrNone) {
				fmt.Fprintln(cmd.OutOrStdout(), "no worker runs: the next cell that computes starts one")
				return nil
			}
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			fmt.Fprintf(w, "process %d, up %s, %d MiB, %d notebooks open, log %s\n", s.PID, time.Since(s.Started).Round(time.Second), s.Memory>>20, s.Kernels, s.Log)
			for _, name := range s.Kept {
				fmt.Fprintln(w, "kept    ", name)
			}
			for _, r := range s.Running {
				what := "running "
				if r.Waiting {
					what = "waiting "
				}
				fmt.Fprintf(w, "%s %s of %s, for %s  %s\n", what, r.Verb, r.Study, time.Since(r.Since).Round(time.Second), r.Now)
			}
			return nil
		},
	}
}

func workerStopCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "stop",
		Short: "End the worker and give its memory back; what it computes goes on from a checkpoint in the next cell",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, err := store.Home()
			if err != nil {
				return err
			}
			if _, err := worker.Ask(home); errors.Is(err, worker.ErrNone) {
				fmt.Fprintln(cmd.OutOrStdout(), "no worker runs")
				return nil
			}
			if err := worker.End(cmd.Context(), home); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "the worker has ended")
			return nil
		},
	}
}

// workerRun is one worker process.
type workerRun struct {
	build, socket string
	parent        int
}

func workerRunCommand() *cobra.Command {
	var r workerRun
	cmd := &cobra.Command{
		Use:    "run",
		Short:  "Serve cells (they start it themselves)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(cmd *cobra.Command, _ []string) error { return r.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&r.build, "build", "", "what the program is called by who starts it")
	cmd.Flags().StringVar(&r.socket, "socket", "", "path of the socket (default the store's, one worker a store)")
	cmd.Flags().IntVar(&r.parent, "parent", 0, "process to end with")
	return cmd
}

// run serves the store's cells, or with a socket of its own those of one process.
func (r *workerRun) run(ctx context.Context) error {
	home, err := store.MakeHome()
	if err != nil {
		return err
	}
	opt := server.Options{Build: r.build}
	if r.socket == "" {
		end, err := resident(home)
		if err != nil {
			return err
		}
		defer end()
		r.socket, opt.Log, opt.Idle = worker.Socket(home), worker.LogFile(home), idle
	} else {
		defer os.RemoveAll(filepath.Dir(r.socket))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if r.parent > 0 {
		go endWith(r.parent, cancel)
	}
	l, err := worker.Listen(r.socket)
	if err != nil {
		return err
	}
	return serve(ctx, home, opt, l, backend.Open)
}

// serve answers cells until ctx ends or nobody needs it.
func serve(ctx context.Context, home string, opt server.Options, l net.Listener, open func(string) (*backend.Backend, error)) error {
	sessions := server.NewSessions(home, open)
	opt.Verbs, opt.Kept, opt.Rest = server.Verbs(sessions), sessions.Names, sessions.Rest
	s := server.New(opt)
	sessions.For(s)
	return s.Serve(ctx, l)
}

// resident takes the store's lock for the process's life, and a folder for temporary files that is the worker's own: the
// first cell's ends with its kernel.
func resident(home string) (end func(), err error) {
	lock := worker.Lock(home)
	if err := os.MkdirAll(worker.Folder(home), 0o700); err != nil {
		return nil, err
	}
	got, err := lock.TryLock()
	if err != nil {
		return nil, err
	}
	if !got {
		return nil, fmt.Errorf("another worker serves %s already", home)
	}
	tmp := filepath.Join(worker.Folder(home), "tmp")
	if err := os.RemoveAll(tmp); err != nil { // of one that was killed
		return nil, err
	}
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return nil, err
	}
	return func() { os.RemoveAll(tmp); _ = lock.Unlock() }, os.Setenv("TMPDIR", tmp)
}

// endWith ends the worker when the process that it works for is gone.
func endWith(parent int, end func()) {
	for range time.Tick(200 * time.Millisecond) {
		if os.Getppid() != parent {
			end()
			return
		}
	}
}
