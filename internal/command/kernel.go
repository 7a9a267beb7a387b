package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"lpft/internal/lab"
	"lpft/internal/module"
	"lpft/lpftlib/store"
)

func kernelCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kernel",
		Short: "The kernel \"" + lab.KernelTitle + "\" for a Jupyter or VS Code of your own",
	}
	cmd.AddCommand(kernelInstallCommand())
	return cmd
}

func kernelInstallCommand() *cobra.Command {
	var prefix string
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Add the kernel to those that Jupyter, VS Code and the classic notebook list",
		Long: `Builds the kernel (a minute or two the first time) and adds it to the user's kernels, or with
--prefix to those of one Python environment (its sys.prefix). Cells are compiled with the sources
in this folder and keep results in LPFT_HOME: after either has moved, install again.
jupyter kernelspec remove ` + lab.KernelName + ` takes it away.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			kernels, err := lab.UserKernels()
			if cmd.Flags().Changed("prefix") {
				kernels, err = lab.PrefixKernels(prefix)
			}
			if err != nil {
				return err
			}
			home, err := store.Home()
			if err != nil {
				return err
			}
			root, err := module.Root()
			if err != nil {
				return err
			}
			if _, err := sayEngine(cmd.Context(), ""); err != nil { // cells find it, and fetch nothing
				return err
			}
			dir, err := lab.InstallKernel(cmd.Context(), lab.Options{Home: home, ModuleRoot: root, Progress: say}, kernels)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "kernel \"%s\" is in %s\n", lab.KernelTitle, dir)
			return err
		},
	}
	cmd.Flags().Bool("user", false, "for the user, as without any flag: below JUPYTER_DATA_DIR, else where the system keeps such data")
	cmd.Flags().StringVar(&prefix, "prefix", "", "for the Python environment in this folder")
	cmd.MarkFlagsMutuallyExclusive("user", "prefix")
	return cmd
}
