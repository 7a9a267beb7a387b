package command

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"lpft/lpftlib/progress"
	"lpft/lpftlib/progress/terminal"
	"lpft/lpftlib/session"
	"lpft/lpftlib/store"
)

func storeVerifyCommand() *cobra.Command {
	var quiet bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check every file of every artefact against its digest; exit status 1 if any is damaged",
		Long: `Reads every file of every artefact and compares it with its SHA-256. It lists each artefact with its
state (ok, older: another version of its step or a newer run has taken its place, damaged), size and what
it was made from, then what is no part of an artefact: what was set aside as damaged, the state of
interrupted steps, stray files. Nothing is changed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := openStore()
			if err != nil {
				return err
			}
			return verifyStore(cmd.OutOrStdout(), st, quiet)
		},
	}
	cmd.Flags().BoolVar(&quiet, "quiet", false, "only what is wrong")
	return cmd
}

func verifyStore(out io.Writer, st *store.Store, quiet bool) error {
	list, _ := st.Manifests() // Verify names those that cannot be read
	bar := progress.Start(terminal.Sink(os.Stderr), "checking", max(1, len(list)), "artefacts")
	done := 0
	sound, bad := st.Verify(func(*store.Artefact) { done++; bar.Set(done, "") })
	bar.Done()
	older := session.Older(st)
	if !quiet {
		if err := listArtefacts(out, sound, older); err != nil {
			return err
		}
	}
	leftovers, err := st.Leftovers()
	if err != nil {
		return err
	}
	leftovers = slices.DeleteFunc(leftovers, func(l store.Leftover) bool { return l.What == store.Torn }) // among the damaged
	for _, l := range leftovers {
		fmt.Fprintf(out, "%s: %s, %s\n", l.What, l.Path, bytesText(l.Bytes))
	}
	for _, err := range bad {
		fmt.Fprintf(out, "damaged: %s\n", oneLine(err))
	}
	stale := 0
	for _, a := range sound {
		if older[a.Key] != "" {
			stale++
		}
	}
	fmt.Fprintf(out, "%d artefacts are sound (%d of them older), %d damaged; %d leftovers\n", len(sound), stale, len(bad), len(leftovers))
	if len(bad) > 0 {
		return fmt.Errorf("%d artefacts in %s are damaged: the command that wants one makes it anew, lpft store clean --damaged removes them", len(bad), st.Dir())
	}
	return nil
}

// listArtefacts writes a line for each sound artefact.
func listArtefacts(out io.Writer, list []*store.Artefact, older map[string]string) error {
	needs := store.Needs(list)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "state\tkind\tkey\tsize\tmade from\twhat")
	for _, a := range list {
		state, note := "ok", a.Manifest.Label
		if why := older[a.Key]; why != "" {
			state, note = "older", note+" ("+why+")"
		}
		for _, f := range a.Manifest.Dropped {
			note += ", without " + f.Name
		}
		var from []string
		for _, key := range needs[a.Key] {
			from = append(from, fmt.Sprintf("%.12s", key))
		}
		if len(from) == 0 {
			from = []string{"-"}
		}
		fmt.Fprintf(w, "%s\t%s\t%.12s\t%s\t%s\t%s\n", state, a.Kind, a.Key, bytesText(a.Bytes()), strings.Join(from, ","), note)
	}
	return w.Flush()
}

// bytesText is a size for people.
func bytesText(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= unit.size {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(unit.size), unit.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}

// cleaning is one `lpft store clean`.
type cleaning struct {
	older, unneeded, damaged, resume, dry bool
}

func storeCleanCommand() *cobra.Command {
	var c cleaning
	cmd := &cobra.Command{
		Use:   "clean (--older | --unneeded | --damaged | --resume)… [--dry-run]",
		Short: "Remove what nothing uses any more, and say what that frees",
		Long: `Removes from the store what the flags name, and nothing else:
  --older     artefacts of another version of their step, and runs that a newer one in the same setting replaces
  --unneeded  models, features and kernels that nothing in the store is made from
  --damaged   artefacts whose files are damaged, what was set aside, stray files
  --resume    the state of interrupted steps, which then begin anew
Results that are current stay in any case. What a live process works on is left alone. With --dry-run, and
without any of the flags, nothing is removed and each is listed with what it would free.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := openStore()
			if err != nil {
				return err
			}
			return c.run(cmd.OutOrStdout(), st)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&c.older, "older", false, "what another version or a newer run has replaced")
	f.BoolVar(&c.unneeded, "unneeded", false, "models, features and kernels that nothing is made from")
	f.BoolVar(&c.damaged, "damaged", false, "damaged artefacts, what was set aside, stray files")
	f.BoolVar(&c.resume, "resume", false, "the state of interrupted steps")
	f.BoolVar(&c.dry, "dry-run", false, "remove nothing, say what would be removed")
	return cmd
}

// removal is one thing that a flag names.
type removal struct {
	flag  string
	what  string
	bytes int64
	do    func() error
}

func (c *cleaning) run(out io.Writer, st *store.Store) error {
	list, err := removals(st)
	if err != nil {
		return err
	}
	chosen := map[string]bool{"older": c.older, "unneeded": c.unneeded, "damaged": c.damaged, "resume": c.resume}
	all := !slices.Contains(slices.Collect(maps.Values(chosen)), true)
	dry := c.dry || all
	freed, count := int64(0), 0
	for _, r := range list {
		if !all && !chosen[r.flag] {
			continue
		}
		if !dry {
			if err := r.do(); err != nil {
				say("left: " + oneLine(err))
				continue
			}
		}
		fmt.Fprintf(out, "--%s: %s, %s\n", r.flag, r.what, bytesText(r.bytes))
		freed, count = freed+r.bytes, count+1
	}
	if dry {
		fmt.Fprintf(out, "%d to remove, which frees %s; nothing was removed\n", count, bytesText(freed))
		return nil
	}
	fmt.Fprintf(out, "%d removed, %s freed\n", count, bytesText(freed))
	return nil
}

// removals are all that any flag names, each once.
func removals(st *store.Store) (out []removal, err error) {
	sound, _ := st.Verify(func(*store.Artefact) {})
	isSound := map[string]bool{}
	for _, a := range sound {
		isSound[a.Key] = true
	}
	older, unneeded := session.Older(st), session.Unneeded(st)
	list, _ := st.Manifests() // the others are among the leftovers
	for _, a := range list {
		what := fmt.Sprintf("%s %.12s, %s", a.Kind, a.Key, a.Manifest.Label)
		r := removal{bytes: a.Bytes(), do: func() error { return st.Remove(a) }}
		switch {
		case !isSound[a.Key]:
			r.flag, r.what = "damaged", what
		case older[a.Key] != "":
			r.flag, r.what = "older", what+" ("+older[a.Key]+")"
		case unneeded[a.Key] != "":
			r.flag, r.what = "unneeded", what
		default:
			continue
		}
		out = append(out, r)
	}
	leftovers, err := st.Leftovers()
	if err != nil {
		return nil, err
	}
	for _, l := range leftovers {
		flag := "damaged"
		if l.What == store.Unfinished {
			flag = "resume"
		}
		out = append(out, removal{flag, fmt.Sprintf("%s, %s", l.What, l.Path), l.Bytes, func() error { return st.Drop(l) }})
	}
	return out, nil
}
