package command

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"lpft/lpftlib/grid/kubernetes"
	"lpft/lpftlib/session"
)

// kubernetesRequest is one `lpft submit kubernetes`.
type kubernetesRequest struct {
	gridFlags
	opt       kubernetes.Options
	keep      string
	kustomize string
	dry       bool
}

func submitKubernetesCommand() *cobra.Command {
	r := &kubernetesRequest{}
	cmd := &cobra.Command{
		Use:   "kubernetes --image IMAGE",
		Short: "Apply what is missing as Indexed Jobs, or print them",
		Long: `Makes Indexed Jobs of the jobs of lpft plan that are not done: one for each level of the plan, one pod a
job, with the store on a PersistentVolumeClaim that all nodes may write (ReadWriteMany), or one of each pod's
own before a bucket (--claim "" --env LPFT_REMOTE=URL). A pod whose job needs
another waits for it ten minutes and then ends with status 69; that, and being stopped (75), is retried
without counting, a wrong request (78) ends the Job, anything else is retried twice. The objects go to
kubectl apply; --dry-run prints them, --kustomize DIR writes them as a base.`,
		Example: `  lpft submit kubernetes --profile paper --backend xla:cuda --image registry/lpft:cuda --claim lpft \
    --env LPFT_DATA=/lpft/data --request memory=32Gi --node-selector gpu=a100 --max 16 --dry-run`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd) },
	}
	f := cmd.Flags()
	r.gridFlags.add(f)
	f.StringVar(&r.opt.Image, "image", "", "image with lpft in it")
	f.StringVar(&r.opt.Namespace, "namespace", "", "namespace")
	f.StringVar(&r.opt.Claim, "claim", "lpft", "PersistentVolumeClaim with the store; \"\" for none, with --env LPFT_REMOTE=URL")
	f.StringVar(&r.opt.Secret, "secret", "", "Secret whose entries are environment of the pods too: a bucket's credentials")
	f.StringVar(&r.opt.Mount, "mount", "/lpft", "where the claim is mounted: LPFT_HOME of the pods")
	f.StringToStringVar(&r.opt.Env, "env", nil, "more environment of the pods, as LPFT_DATA=/lpft/data")
	f.StringToStringVar(&r.opt.Selector, "node-selector", nil, "labels of the nodes that pods may run on")
	f.StringToStringVar(&r.opt.Requests, "request", map[string]string{"cpu": "4", "memory": "16Gi"}, "resources of a pod, requested and its limit")
	f.StringToStringVar(&r.opt.GPU, "gpu", nil, "further ones of a pod that needs a GPU (default nvidia.com/gpu=1 for xla:cuda)")
	f.IntVar(&r.opt.Max, "max", 0, "so many pods of a Job at a time (0: no limit)")
	f.StringVar(&r.keep, "keep", string(session.KeepAll), "what stays of finished trainings: all, heads or none; see lpft job")
	f.StringVar(&r.kustomize, "kustomize", "", "write the objects into this folder as a kustomize base, apply nothing")
	f.BoolVar(&r.dry, "dry-run", false, "print the objects, apply nothing")
	cmd.MarkFlagRequired("image")
	return cmd
}

func (r *kubernetesRequest) run(cmd *cobra.Command) error {
	if _, err := session.ParseKeep(r.keep); err != nil {
		return fmt.Errorf("--keep: %w", err)
	}
	if r.opt.Max < 0 {
		return fmt.Errorf("--max %d: expected a number of pods, or 0", r.opt.Max)
	}
	p, _, err := r.plan(cmd.Context(), 0)
	if err != nil {
		return err
	}
	if r.opt.GPU == nil && p.onCards() {
		r.opt.GPU = map[string]string{"nvidia.com/gpu": "1"}
	}
	r.opt.Arguments = []string{"--keep", r.keep, "--patience", "10m"}
	jobs, err := kubernetes.Jobs(p.jobs, r.opt)
	if err != nil {
		return err
	}
	if r.kustomize != "" {
		return kubernetes.WriteBase(r.kustomize, jobs)
	}
	if r.dry {
		return kubernetes.Write(cmd.OutOrStdout(), jobs)
	}
	var text strings.Builder
	if err := kubernetes.Write(&text, jobs); err != nil {
		return err
	}
	return apply(cmd, text.String())
}

// apply hands the objects to kubectl.
func apply(cmd *cobra.Command, objects string) error {
	if _, err := exec.LookPath("kubectl"); err != nil {
		return errors.New("no kubectl found: --dry-run prints the objects for a machine that has it")
	}
	kubectl := exec.CommandContext(cmd.Context(), "kubectl", "apply", "-f", "-")
	kubectl.Stdin, kubectl.Stdout, kubectl.Stderr = strings.NewReader(objects), cmd.OutOrStdout(), os.Stderr
	if err := kubectl.Run(); err != nil {
		return fmt.Errorf("kubectl apply: %w", err)
	}
	return nil
}
