package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"lpft/lpftlib/backend"
)

func backendCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "backend", Short: "The engines that compute: what there is, and how to get XLA"}
	cmd.AddCommand(backendListCommand(), backendInstallCommand())
	return cmd
}

func backendListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Engines, plugins and what is wrong with them; nothing is loaded",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := cmd.OutOrStdout()
			for _, c := range backend.Candidates() {
				if c.Err != nil {
					fmt.Fprintf(w, "no   %-9s %v\n", c.Engine, c.Err)
				} else {
					fmt.Fprintf(w, "yes  %-9s %s\n", c.Engine, c.Note)
				}
			}
			for _, p := range backend.Plugins() {
				if p.Err != nil {
					fmt.Fprintf(w, "bad  %-9s %v\n", p.Engine, p.Err)
				}
			}
			for _, dir := range backend.Folders() {
				fmt.Fprintln(w, "looked into", dir)
			}
			return nil
		},
	}
}

// fetching says which file is being fetched, and now and then how much of it is there.
func fetching() func(what string, bytes int64) {
	const step = 100 << 20
	last, next := "", int64(0)
	return func(what string, bytes int64) {
		if what != last {
			last, next = what, 0
		}
		if bytes >= next {
			say(fmt.Sprintf("fetching %s: %d MB", what, bytes>>20))
			next = bytes/step*step + step
		}
	}
}

func backendInstallCommand() *cobra.Command {
	var o backend.InstallOptions
	cmd := &cobra.Command{
		Use:   "install cpu|cuda",
		Short: "Fetch XLA's plugin, checked by digest: cpu about 100 MB, cuda about 3 GB",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Python = os.Getenv("LPFT_PYTHON")
			o.Progress = fetching()
			path, err := backend.Install(cmd.Context(), args[0], o)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), path)
			if !slices.ContainsFunc(backend.Plugins(), func(p backend.Plugin) bool { return p.Path == path }) {
				say("this folder is not among those searched: name it in PJRT_PLUGIN_LIBRARY_PATH")
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&o.Dir, "dir", "", "where to (default ~/.local/lib/go-xla)")
	cmd.Flags().StringVar(&o.From, "from", "", "cpu: a file or an address instead of go-xla's release; needs --sha256")
	cmd.Flags().StringVar(&o.Digest, "sha256", "", "cpu: digest that the archive must have")
	return cmd
}
