package session

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"lpft/lpftlib/study"
)

// DefectRow shows a published defect (docs/protocol.md, Known defects) by one quantity, computed the published way and ours.
type DefectRow struct {
	Number          int // in docs/protocol.md
	Defect          string
	Quantity        string // with the task and the seed that it is measured on
	Published, Ours string // the two ways
	A, B            float64
	Changes         string // what follows for the paper's numbers
	Missing         string // why there are no values, A and B being NaN; "" where there are
}

// defect is one of them with the way to measure it.
type defect struct {
	number                         int
	what, published, ours, changes string
	values                         func(context.Context, *defectCase) ([]values, error)
}

// values are one quantity both ways.
type values struct {
	quantity string
	a, b     float64
}

// unmeasured is why a defect has no values here.
type unmeasured string

func (u unmeasured) Error() string { return string(u) }

// never is for defects that there is nothing to run of.
func never(why string) func(context.Context, *defectCase) ([]values, error) {
	return func(context.Context, *defectCase) ([]values, error) { return nil, unmeasured(why) }
}

// defects are all known ones, in the order of their numbers.
var defects = []defect{
	{1, "no code for FDR, CS, Diff(F), Norm(C), rank, FN, FT Ratio, spectra, heat maps, t-SNE, norm and temperature scaling", "nothing is published", "inferred definitions, named in the output", "", never("there is no published way to compare with")},
	{2, "the word embedding's part of the kernel is sampled at 10 %", "paper-10", "exact", "‖F‖ and FT Ratio of FT and LP-FT", sampledEmbedding},
	{2, "the sampled part is written to wrong rows, most of it lost", "paper-10-released", "exact", "‖F‖ and FT Ratio of FT and LP-FT", misplacedEmbedding},
	{3, "the LP head of a set of two classes is halved", "V/2", "V", "Norm(C), FN, FT Ratio, calibration and the FT stage after LP on seven sets", halvedHead},
	{4, "kernel regression's accuracy counts (sample, class) pairs", "pairs", "arg max", "Acc of Tables 2 and 9 is no accuracy: all zero has 1 − 1/C", pairScore},
	{5, "kernel test rows are validation rows in the code, test rows in print", "validation rows", "test rows", "Acc on test rows of Tables 2 and 9", kernelTestRows},
	{6, "the kernel script leaves LoRA's α at 16", "α = 16", "α of the profile", "‖F‖ of LoRA is four-fold against α = 8, and its FT Ratio with it", loraAlpha},
	{7, "CoLA's epochs are selected by accuracy, which that task does not report", "by accuracy", "by Matthews", "the selected epoch", selection},
	{8, "LoRA's MRPC script has another learning rate than Table 6", "rate 1e-5", "Table 6", "Table 8's LoRA on MRPC is the majority class", mrpcRate},
	{9, "one script runs one seed", "the first seed", "mean over seeds", "a number of one run", oneSeed},
	{12, "the rows of a kernel depend on earlier random calls", "another draw", "the seed's own draw", "every number of Tables 2 and 9 is one draw's", otherRows},
	{13, "Table 7 counts other rows than the files have", "printed", "real", "what accuracies are multiples of", miscounted},
	{14, "the same runs are printed with two values", "Table 1 or 11", "Table 12 or 13", "a match with either counts", printedTwice},
	{15, "captions say standard error, the appendix standard deviation", "standard error", "sample deviation", "the width of bands", standardErrors},
	{18, "the split of CS, Diff(F) and FDR is not defined", "training rows", "test rows", "Tables 1, 11 and 12", otherSplit},
	{23, "the text claims a higher FDR of LP-FT out of distribution", "Table 11", "here", "above 1 where the text is right", shiftedFDR},
	{24, "the text says that FT's ‖V‖ grows", "Table 13", "here", "growth is tested for LP and LoRA", shrinkingHeads},
	{27, "Table 15 shows ordinary calibration of runs that Table 8 prints as constant", "Table 15", "Table 8", "", never("both are runs of the paper's, of which no model is published")},
	{28, "every model of WSC predicts the majority class in print", "Table 8", "here", "claims on WSC are void: C2 and C7 leave it out", constantWSC},
}

// Defects measures every known defect both ways, on the first of the session's tasks that has two classes, of those whose kernels
// are shown first, and with the first seed. What depends on other data or more seeds than the session has, says so in its row. It
// takes small kernels and, where there are two classes, one more run of LP-FT.
func (s *Session) Defects(ctx context.Context) ([]DefectRow, error) {
	c, err := s.defectCase(ctx)
	if err != nil {
		return nil, err
	}
	var rows []DefectRow
	for _, d := range defects {
		row := DefectRow{Number: d.number, Defect: d.what, Published: d.published, Ours: d.ours, Changes: d.changes, A: math.NaN(), B: math.NaN()}
		all, err := d.values(ctx, c)
		var why unmeasured
		if errors.As(err, &why) {
			row.Missing = string(why)
			rows = append(rows, row)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("known defect %d: %w", d.number, err)
		}
		for _, v := range all {
			row.Quantity, row.A, row.B = v.quantity, v.a, v.b
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// defectCase is what defects are measured on.
type defectCase struct {
	s       *Session
	apart   *Session // measures the same profile's controls
	flipped *Session // the profile that halves where this one does not, and the other way round
	id      string
	seed    uint64
	classes int
	ids     []string // the session's tasks
}

func (s *Session) defectCase(ctx context.Context) (*defectCase, error) {
	c := &defectCase{s: s, seed: s.Profile.Seeds[0]}
	var err error
	if c.ids, err = s.Tasks(ctx); err != nil {
		return nil, err
	}
	shown := slices.DeleteFunc(slices.Clone(c.ids), func(id string) bool { return !slices.Contains(s.Profile.KernelTasks, id) })
	for _, id := range slices.Concat(shown, c.ids) {
		d, err := s.Data(ctx, id)
		if err != nil {
			return nil, err
		}
		if classes := len(d.Task.Classes); c.id == "" || (classes == 2 && c.classes != 2) {
			c.id, c.classes = id, classes
		}
	}
	if c.apart, err = s.variant(ctx, func(*study.Profile) {}); err != nil {
		return nil, err
	}
	c.flipped, err = s.variant(ctx, func(p *study.Profile) { p.PaperCompatible = !p.PaperCompatible })
	return c, err
}

// has tells whether the session has one of the paper's tasks.
func (c *defectCase) has(id string) bool { return slices.Contains(c.ids, id) }

// trains tells whether the profile has a method.
func (c *defectCase) trains(m study.Method) bool { return slices.Contains(c.s.Profile.Methods, m) }

// run is a method on the case's task.
func (c *defectCase) run(m study.Method) study.Spec {
	return study.Spec{Task: c.id, Method: m, Seed: c.seed}
}

// on names a quantity with the task and seed that it is measured on.
func (c *defectCase) on(quantity string) string {
	return fmt.Sprintf("%s, %s seed %d", quantity, c.id, c.seed)
}
