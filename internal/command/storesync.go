package command

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"lpft/lpftlib/store/remote"
)

// syncRequest is one `lpft store sync`.
type syncRequest struct {
	push, pull, verify bool
}

func storeSyncCommand() *cobra.Command {
	r := &syncRequest{}
	cmd := &cobra.Command{
		Use:   "sync [URL]",
		Short: "Make the store and a bucket hold the same; exit status 1 if anything was refused",
		Long: `Gives a bucket what it lacks of the store, and takes from it what the store lacks; nothing is overwritten or
removed on either side. A second sync goes on where one was interrupted. Every file's digest is checked on its
way: what is damaged is named and left where it is, and the rest goes on. --verify reads all of the bucket
first; of what is damaged there, it gets what the store has sound.

URL is s3://BUCKET/FOLDER?region=…, with endpoint=… for servers other than Amazon's and credentials as aws has
them, gs://BUCKET/FOLDER, with Google's HMAC keys in their place, or file:///FOLDER (default LPFT_REMOTE).`,
		Example: `  lpft store sync s3://lab/lpft?region=eu-west-1
  lpft store sync --push gs://lab/lpft`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			address := os.Getenv(remote.EnvVar)
			if len(args) > 0 {
				address = args[0]
			}
			if address == "" {
				return errors.New("no bucket is named: give its URL, or set " + remote.EnvVar)
			}
			return r.run(cmd, address)
		},
	}
	cmd.Flags().BoolVar(&r.push, "push", false, "only give the bucket what it lacks")
	cmd.Flags().BoolVar(&r.pull, "pull", false, "only take what the store lacks")
	cmd.Flags().BoolVar(&r.verify, "verify", false, "read every file of the bucket first, and replace what is damaged there")
	cmd.MarkFlagsMutuallyExclusive("push", "pull")
	return cmd
}

func (r *syncRequest) run(cmd *cobra.Command, address string) error {
	st, err := openStore()
	if err != nil {
		return err
	}
	bucket, err := remote.Open(cmd.Context(), address)
	if err != nil {
		return err
	}
	defer bucket.Close()
	out := cmd.OutOrStdout()
	if r.verify {
		sound, bad, err := bucket.Verify(cmd.Context())
		if err != nil {
			return err
		}
		for _, err := range bad {
			fmt.Fprintf(out, "damaged: %s\n", oneLine(err))
		}
		fmt.Fprintf(out, "%d artefacts are sound in %s, %d damaged\n", sound, bucket, len(bad))
	}
	done, err := bucket.Sync(cmd.Context(), st, !r.pull, !r.push)
	if done == nil {
		return err
	}
	for _, err := range done.Bad {
		fmt.Fprintf(out, "refused: %s\n", oneLine(err))
	}
	fmt.Fprintf(out, "%d artefacts pushed to %s, %d pulled; %d were on both sides; %d requests\n", done.Pushed, bucket, done.Pulled, done.Both, bucket.Requests())
	if err == nil && len(done.Bad) > 0 {
		err = fmt.Errorf("%d artefacts were refused and left as they are", len(done.Bad))
	}
	return err
}
