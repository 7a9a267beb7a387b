package command

import (
	"fmt"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"lpft/lpftlib/session"
	"lpft/lpftlib/store"
)

func storeCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "store", Short: "The artefact store"}
	cmd.AddCommand(storeLogCommand(), storeVerifyCommand(), storeCleanCommand(), storeExportCommand(), storeImportCommand(), storeSyncCommand())
	return cmd
}

// openStore opens the store in the home folder.
func openStore() (*store.Store, error) {
	home, err := store.Home()
	if err != nil {
		return nil, err
	}
	return store.Open(filepath.Join(home, "store"))
}

func storeLogCommand() *cobra.Command {
	var last int
	cmd := &cobra.Command{
		Use:   "log",
		Short: "What was computed and what was reused, oldest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := openStore()
			if err != nil {
				return err
			}
			events, err := st.Log()
			if err != nil {
				return err
			}
			older := session.Older(st)
			if last > 0 && len(events) > last {
				events = events[len(events)-last:]
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, e := range events {
				note := e.Label
				if why := older[e.Key]; why != "" {
					note += " (older: " + why + ")"
				}
				fmt.Fprintf(w, "%s\t%s\t%.1f s\t%s\t%.12s\t%s\n", e.Time.Format("2006-01-02 15:04:05"), e.What, e.Seconds, e.Kind, e.Key, note)
			}
			return w.Flush()
		},
	}
	cmd.Flags().IntVar(&last, "last", 0, "only the last so many lines")
	return cmd
}
