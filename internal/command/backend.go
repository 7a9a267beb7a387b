package command

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lpft/lpftlib/backend"
)

func backendCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "backend", Short: "The engines that compute: what there is, and how to get XLA"}
	cmd.AddCommand(backendListCommand(), backendOpenCommand(), backendInstallCommand())
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

func backendOpenCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "open [ENGINE]",
		Short: "Open the engine that a command would compute on, XLA's plugin fetched where it is wanted, and say which it is",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			be, err := openEngine(cmd.Context())(strings.Join(args, ""))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), be.Why)
			return err
		},
	}
}

func backendInstallCommand() *cobra.Command {
	var o backend.InstallOptions
	cmd := &cobra.Command{
		Use:   "install cpu|cuda",
		Short: "Fetch XLA's plugin, checked by digest: cpu 63 MB, cuda about 3 GB",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Python = os.Getenv("LPFT_PYTHON")
			o.Progress = downloads()
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
	cmd.Flags().StringVar(&o.Dir, "dir", "", "where to (default plugins/cpu below LPFT_HOME; cuda: ~/.local/lib/go-xla)")
	cmd.Flags().StringVar(&o.From, "from", "", "cpu: a release archive (a file or an address; needs --sha256) instead of the PyPI wheel, or \"release\" for go-xla's own")
	cmd.Flags().StringVar(&o.Digest, "sha256", "", "cpu: digest that the archive must have")
	return cmd
}
