package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/npy"
	"lpft/lpftlib/probe"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/progress/terminal"
)

// probeJob is what `lpft probe` was asked for.
type probeJob struct {
	features, labels, out, stop string
	paperCompatible             bool
}

func probeCommand() *cobra.Command {
	var job probeJob
	cmd := &cobra.Command{
		Use:   "probe --features F.npy --labels Y.npy --out HEAD.npz",
		Short: "Linear probing (LP) of features: a head with a cross-validated penalty, as .npz",
		Long: `Fits multinomial logistic regression to features [N, h] (float32 or float64) with labels [N]
(integers 0 to C-1, all of them present) and chooses κ, the inverse strength of the penalty,
from ten values by five stratified folds in the order of the rows. The head is written as
weight [C, h], bias [C], kappa and scores [10], the mean held-out accuracy of each κ.

Fits go on to the minimiser. --stop sklearn-1.0 follows the L-BFGS of scikit-learn 1.0, the paper's
version, and stops where that does, on the sum over the rows with a tolerance of 1e-4; sklearn-1.7
likewise, on their mean. There κ and the head can be others.

With two classes --paper-compatible halves the head, as the paper's published code does.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := probe.ParseStop(job.stop); err != nil {
				return fmt.Errorf("--stop: %w", err)
			}
			if err := checkFolder(job.out); err != nil {
				return err
			}
			head, err := job.run(cmd.Context())
			if errors.Is(err, context.Canceled) {
				return fmt.Errorf("interrupted: %s was not written", job.out)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%v; cross-validated accuracy %.4f%s\n", head, bestScore(head), limitOf(head))
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&job.features, "features", "", "features [N, h] as .npy, for example from lpft features")
	f.StringVar(&job.labels, "labels", "", "labels [N] as .npy, integers from 0")
	f.BoolVar(&job.paperCompatible, "paper-compatible", false, "halve the head of two classes, as the paper's published code does")
	f.StringVar(&job.stop, "stop", string(probe.StopExact), "where a fit ends: exact, sklearn-1.0 (as the paper's) or sklearn-1.7")
	f.StringVar(&job.out, "out", "", "the .npz file to write")
	for _, name := range []string{"features", "labels", "out"} {
		cmd.MarkFlagRequired(name)
	}
	return cmd
}

func (j *probeJob) run(ctx context.Context) (*probe.Fitted, error) {
	x, err := readFeatures(j.features)
	if err != nil {
		return nil, err
	}
	y, classes, err := readLabels(j.labels)
	if err != nil {
		return nil, err
	}
	fitted, err := j.fit(ctx, x, y, classes)
	if err != nil {
		return nil, fmt.Errorf("%s with %s: %w", j.features, j.labels, err)
	}
	return fitted, fitted.Head.Write(j.out,
		npy.NamedArray{Name: "kappa", Shape: []int{}, Data: []float64{fitted.Kappa}},
		npy.NamedArray{Name: "scores", Shape: []int{len(fitted.Scores)}, Data: fitted.Scores})
}

func (j *probeJob) fit(ctx context.Context, x *mat.Dense, y []int, classes int) (*probe.Fitted, error) {
	bar := progress.Start(terminal.Sink(os.Stderr), "linear probing", 1, "fits")
	defer bar.Done()
	return probe.Fit(ctx, x, y, classes, probe.Options{
		PaperCompatible: j.paperCompatible,
		Stop:            probe.Stop(j.stop),
		Progress:        func(done, total int) { bar.Resize(total); bar.Set(done, "") },
	})
}

// readFeatures reads a matrix [N, h] of floats.
func readFeatures(path string) (*mat.Dense, error) {
	a, err := npy.ReadNpy(path)
	if err != nil {
		return nil, err
	}
	if len(a.Shape) != 2 || a.Shape[0] == 0 || a.Shape[1] == 0 {
		return nil, fmt.Errorf("%s: features of shape %v: expected [N, h], one row a text", path, a.Shape)
	}
	values := a.Float64
	for _, v := range a.Float32 {
		values = append(values, float64(v))
	}
	if values == nil {
		return nil, fmt.Errorf("%s: features are not floats: expected float32 or float64", path)
	}
	return mat.NewDense(a.Shape[0], a.Shape[1], values), nil
}

// readLabels reads class ids and says how many classes there are: one more than the largest id.
func readLabels(path string) (labels []int, classes int, err error) {
	a, err := npy.ReadNpy(path)
	if err != nil {
		return nil, 0, err
	}
	if len(a.Shape) != 1 {
		return nil, 0, fmt.Errorf("%s: labels of shape %v: expected [N], one label a row of features", path, a.Shape)
	}
	if a.Int64 == nil && a.Int32 == nil {
		return nil, 0, fmt.Errorf("%s: labels are not integers: save array.astype('int64')", path)
	}
	ids := a.Int64
	for _, v := range a.Int32 {
		ids = append(ids, int64(v))
	}
	if err := checkIDs(ids); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	for _, id := range ids {
		labels, classes = append(labels, int(id)), max(classes, int(id)+1)
	}
	return labels, max(classes, 2), nil // a single class is named as such by the fit
}

// checkIDs refuses labels that do not number the classes from 0 without a gap, and says how to number them.
func checkIDs(ids []int64) error {
	const anew = "number the classes anew with numpy.unique(labels, return_inverse=True)[1]"
	for i, id := range ids {
		// Every class needs a row, so that a gap is certain where an id goes beyond the number of rows.
		if id < 0 || id > int64(len(ids)) {
			return fmt.Errorf("label %d of row %d: expected classes 0 to C-1, each with a row among the %d; %s", id, i, len(ids), anew)
		}
	}
	if len(ids) == 0 { // named as such by the fit
		return nil
	}
	rows := make([]int, slices.Max(ids)+1) // of each class
	for _, id := range ids {
		rows[id]++
	}
	missing := slices.Index(rows, 0)
	switch {
	case missing < 0:
		return nil
	case missing == 0 && !slices.Contains(rows[1:], 0):
		return fmt.Errorf("labels count from 1 to %d: expected 0 to %d; save labels - 1", len(rows)-1, len(rows)-2)
	}
	return fmt.Errorf("no training row of class %d although labels go up to %d: expected classes 0 to C-1; %s", missing, len(rows)-1, anew)
}

// limitOf says that the fit ran out of iterations, "" where it did not.
func limitOf(h *probe.Fitted) string {
	text := ""
	if !h.Converged {
		text = fmt.Sprintf("; stopped at the limit of %d iterations, before the minimum", h.Iterations)
	}
	if h.FoldsAtLimit != nil && *h.FoldsAtLimit > 0 {
		text += fmt.Sprintf("; %d of %d fits of the cross-validation stopped at the limit of iterations", *h.FoldsAtLimit, len(h.Kappas)*len(h.FoldScores))
	}
	return text
}

// bestScore is the mean held-out accuracy of the chosen κ.
func bestScore(h *probe.Fitted) float64 {
	best := 0.0
	for _, s := range h.Scores {
		best = max(best, s)
	}
	return best
}
