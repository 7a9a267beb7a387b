package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"lpft/internal/lab"
)

func labCommand() *cobra.Command {
	var port int
	var host string
	var noBrowser bool
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Open the notebooks in JupyterLab, kernel \"Go (lpft)\" ready",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, err := prepared()
			if err != nil {
				return err
			}
			root, err := moduleRoot()
			if err != nil {
				return err
			}
			env, err := lab.Setup(cmd.Context(), lab.Options{Home: home, ModuleRoot: root, Progress: say})
			if err != nil {
				return err
			}
			return env.Lab(cmd.Context(), lab.LabOptions{
				Host: host, Port: port, NotebookDir: root, Default: filepath.Join("notebooks", "index.ipynb"), Browser: !noBrowser,
				Ready: func(url string) { fmt.Println(url) },
			})
		},
	}
	cmd.Flags().IntVar(&port, "port", 0, "port to listen on (default 8888, or any free one when that is taken)")
	cmd.Flags().StringVar(&host, "host", "127.0.0.1", "address to listen on")
	cmd.Flags().BoolVar(&noBrowser, "no-browser", false, "do not open a browser")
	return cmd
}
