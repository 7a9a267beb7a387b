package command

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lpft/internal/plainfile"
	"lpft/lpftlib/session"
	"lpft/lpftlib/store"
)

func storeExportCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "export FILE.tar [KEY…]",
		Short: "Artefacts as one archive with digests, for another machine",
		Long: `Writes all current artefacts, or those whose keys begin as given with everything that they were made from,
as one .tar archive. Every file is checked first. lpft store import takes it over.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			st, err := openStore()
			if err != nil {
				return err
			}
			return exportStore(cmd.OutOrStdout(), st, args[0], args[1:], all)
		},
	}
	cmd.Flags().BoolVar(&all, "older", false, "also those that another version or a newer run has replaced")
	return cmd
}

func exportStore(out io.Writer, st *store.Store, file string, keys []string, all bool) error {
	if err := plainfile.CheckOutput(file); err != nil {
		return err
	}
	list, bad := st.Manifests()
	if len(bad) > 0 {
		return fmt.Errorf("%w; lpft store verify names all that is wrong", bad[0])
	}
	chosen, err := choose(list, keys)
	if err != nil {
		return err
	}
	if len(keys) == 0 && !all {
		older := session.Older(st)
		chosen = slices.DeleteFunc(chosen, func(a *store.Artefact) bool { return older[a.Key] != "" })
	}
	if err := st.Export(file, chosen); err != nil {
		return err
	}
	size := int64(0)
	for _, a := range chosen {
		size += a.Bytes()
	}
	fmt.Fprintf(out, "%d artefacts, %s, in %s\n", len(chosen), bytesText(size), file)
	return nil
}

// choose picks the artefacts whose keys begin as given, with what they were made from; without any, all.
func choose(list []*store.Artefact, keys []string) ([]*store.Artefact, error) {
	if len(keys) == 0 {
		return slices.Clone(list), nil
	}
	var whole []string
	for _, key := range keys {
		found := slices.IndexFunc(list, func(a *store.Artefact) bool { return len(key) >= 6 && strings.HasPrefix(a.Key, key) })
		if found < 0 {
			return nil, fmt.Errorf("no artefact has a key that begins with %q: lpft store verify lists them (six digits at least)", key)
		}
		whole = append(whole, list[found].Key)
	}
	wanted := store.WithNeeded(whole, store.Needs(list))
	var chosen []*store.Artefact
	for _, a := range list {
		if wanted[a.Key] {
			chosen = append(chosen, a)
		}
	}
	return chosen, nil
}

func storeImportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE.tar",
		Short: "Take over the artefacts of an archive; exit status 1 if any is here with another content",
		Long: `Takes over what lpft store export wrote. Each artefact is checked as a whole before it gets its place. What is
here already is left alone, so that a second import changes nothing; an artefact that is here with another
content is named and left as it is.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			st, err := openStore()
			if err != nil {
				return err
			}
			done, err := st.Import(args[0])
			if err != nil {
				return err
			}
			for _, conflict := range done.Conflicts {
				fmt.Fprintf(cmd.OutOrStdout(), "conflict: %s\n", conflict)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d artefacts are new, %d were here\n", done.New, done.There)
			if n := len(done.Conflicts); n > 0 {
				return fmt.Errorf("%d artefacts are here with another content and were left as they are", n)
			}
			return nil
		},
	}
}
