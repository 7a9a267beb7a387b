package study

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/finetune"
	"lpft/lpftlib/measure"
)

// FeatureRow is a row of Table 1: how far the features moved and how large the head is, on a
// test set (protocol section 8).
type FeatureRow struct {
	Task     string  `json:"task"`    // where the model was trained
	TestSet  string  `json:"test"`    // where it is measured: Task, or a shifted set
	Method   Method  `json:"method"`  //
	Seed     uint64  `json:"seed"`    //
	Rows     int     `json:"rows"`    // n of the test set
	CS       float64 `json:"cs_f"`    // mean cosine similarity among features
	Diff     float64 `json:"diff_f"`  // mean ‖φ − φ_pre‖; 0 where the encoder is the pre-trained one
	FDR      float64 `json:"fdr_f"`   // tr(S_W⁻¹S_B)
	FDRKind  string  `json:"fdr_by"`  // "inverse", or "pinv" where S_W is singular
	FDRFloor float64 `json:"fdr_min"` // E[FDR] of pure noise, 0 where undefined
	NormC    float64 `json:"norm_c"`  // ‖V‖_F
	Score    float64 `json:"score"`   // accuracy in per cent (CoLA: Matthews × 100)
	Kappa    float64 `json:"kappa,omitempty"`
	Epoch    int     `json:"epoch,omitempty"` // selected epoch of the FT stage
}

// FeatureRow measures a method on the test set of its own task.
func (s *Session) FeatureRow(ctx context.Context, id string, m Method, seed uint64) (*FeatureRow, error) {
	return s.FeatureRowOn(ctx, id, id, m, seed)
}

// FeatureRowOn measures a model trained on one task on another test set.
func (s *Session) FeatureRowOn(ctx context.Context, id, testSet string, m Method, seed uint64) (*FeatureRow, error) {
	base, err := s.PretrainedFeatures(ctx, testSet)
	if err != nil {
		return nil, err
	}
	row := &FeatureRow{Task: id, TestSet: testSet, Method: m, Seed: seed}
	head, phi, err := s.adapted(ctx, id, testSet, m, seed, base, row)
	if err != nil {
		return nil, err
	}
	d, err := s.Data(ctx, testSet)
	if err != nil {
		return nil, err
	}
	labels := base.Labels["test"]
	row.Rows, row.NormC = len(labels), head.Norm()
	if err := row.measureFeatures(phi, base.Splits["test"], labels, len(d.Task.Classes)); err != nil {
		return nil, fmt.Errorf("%s %s on %s: %w", m.Title(), id, testSet, err)
	}
	score, err := Score(d.Task, logitsOf(head, phi), labels)
	row.Score = 100 * score
	return row, err
}

// adapted gives a method's head and its features on the test set.
func (s *Session) adapted(ctx context.Context, id, testSet string, m Method, seed uint64, base *Features, row *FeatureRow) (*finetune.Head, *mat.Dense, error) {
	switch m {
	case Pretrained:
		model, err := s.Model(ctx)
		if err != nil {
			return nil, nil, err
		}
		d, err := s.Data(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		head := finetune.NewHead(len(d.Task.Classes), model.Config.Hidden, model.Config.InitRange, seed)
		return head, base.Splits["test"], nil
	case LP:
		lp, err := s.Probe(ctx, id, seed)
		if err != nil {
			return nil, nil, err
		}
		row.Kappa = lp.Kappa
		return headOf(lp), base.Splits["test"], nil
	}
	t, err := s.FineTune(ctx, id, m, seed)
	if err != nil {
		return nil, nil, err
	}
	row.Epoch = t.Epoch
	f, err := s.TrainedFeatures(ctx, t, testSet)
	if err != nil {
		return nil, nil, err
	}
	return t.Head, f.Splits["test"], nil
}

// measureFeatures fills in CS, Diff and FDR.
func (r *FeatureRow) measureFeatures(phi, base *mat.Dense, labels []int, classes int) error {
	var err error
	if r.CS, err = measure.CosineSimilarity(phi); err != nil {
		return err
	}
	if r.Diff, err = measure.FeatureDifference(phi, base); err != nil {
		return err
	}
	n, h := phi.Dims()
	fdr, err := measure.FDR(phi, labels, classes, measure.DefaultFDR(n, h, classes))
	if err != nil {
		// A last LayerNorm ties its outputs together by one linear equation, so S_W of enough
		// rows is singular all the same; the pseudo-inverse leaves that direction out.
		fdr, err = measure.FDR(phi, labels, classes, measure.FDRPinv())
	}
	r.FDR, r.FDRKind, r.FDRFloor = fdr.Value, fdr.Variant, fdr.Floor
	return err
}

// logitsOf are f(x) = Vφ + b [n, C].
func logitsOf(head *finetune.Head, phi *mat.Dense) *mat.Dense {
	n, h := phi.Dims()
	weight := dense(head.Weight, head.Classes, h)
	out := mat.NewDense(n, head.Classes, nil)
	out.Mul(phi, weight.T())
	for i := range n {
		for c := range head.Classes {
			out.Set(i, c, out.At(i, c)+float64(head.Bias[c]))
		}
	}
	return out
}

// Table1Methods are the rows of Table 1 for the methods a profile runs.
var Table1Methods = []Method{Pretrained, LP, FT, LPFT}

// Table1 measures every task, seed and method, and shifted test sets where the profile names
// them.
func (s *Session) Table1(ctx context.Context) ([]FeatureRow, error) {
	ids, err := s.Tasks(ctx)
	if err != nil {
		return nil, err
	}
	var rows []FeatureRow
	for _, id := range ids {
		for _, testSet := range append([]string{id}, s.Profile.Tasks[id].OOD...) {
			for _, m := range Table1Methods {
				for _, seed := range s.Profile.Seeds {
					row, err := s.FeatureRowOn(ctx, id, testSet, m, seed)
					if err != nil {
						return nil, err
					}
					rows = append(rows, *row)
				}
			}
		}
	}
	return rows, nil
}
