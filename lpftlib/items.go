package lpftlib

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// Item is one of the report's parts: a table or figure of the paper, or several that share their
// runs, with the notebook that makes it.
type Item struct {
	ID       string   // "table3"; also the anchor in the report
	Covers   []string // what of the paper it holds: "table3", "table14", "table15"
	Title    string
	Claim    string // what the paper reads from it
	Notebook string // file in notebooks/
	Plan     planOf // what its runs would take
	Build    func(ctx context.Context, s *study.Session) (*Built, error)
}

// Built is an item of the report with the claims it decides.
type Built struct {
	Item   report.Item
	Claims []paper.Claim
}

// Items lists what can be reproduced, in the report's order.
func Items() []Item {
	return []Item{
		{"table1", []string{"table1"}, "Table 1: features and classifier norms",
			"LP-FT changes the features less than FT does, keeps them as similar to each other as they were before, and its classifier's norm is far larger.",
			"table01_features.ipynb", measuredRuns(true, anyTask), BuildTable1},
		{"figure1", []string{"figure1", "figure4"}, "Figures 1 and 4: growth of the classifier's norm",
			"The norm of the classifier grows while training goes on, by one to two orders of magnitude in LP and little in FT.",
			"figure01_norm_growth.ipynb", measuredRuns(false, anyTask), BuildFigure1},
		{"table2", []string{"table2", "table9"}, "Tables 2, 9: kernel statistics",
			"The FT-effective component F has the higher rank; after LP it is far larger and makes nearly all of the logits' first change (FT Ratio near 1).",
			"table02_kernels.ipynb", kernelPlan, BuildTable2},
		{"figure2", []string{"figure2", "figure7"}, "Figures 2, 7: spectra of the kernels",
			"P falls fastest; F of FT and LoRA are alike, and so are F of LP-FT and LP-LoRA.",
			"figure02_spectra.ipynb", kernelPlan, BuildFigure2},
		{"figure8", []string{"figure8", "figure9"}, "Figures 8, 9: heat maps of kernel blocks",
			"F stands out on the diagonal and within classes, P is nearly flat; LoRA's maps look like FT's up to scale.",
			"figure08_heatmaps.ipynb", kernelPlan, BuildFigure8},
		{"figure3", []string{"figure3", "figure10", "figure11"}, "Figures 3, 10, 11: feature changes against the classifier's norm",
			"The larger the classifier's norm at the start of the FT stage, the less features change, with LP-FT below FT.",
			"figure03_norm_sweep.ipynb", sweepRuns, BuildFigure3},
		{"figure5", []string{"figure5", "figure6"}, "Figures 5, 6: features and classifier before and after training",
			"FT moves features apart by class and leaves the classifier near its start; LP-FT keeps the layout of the features and moves the classifier's rows.",
			"figure05_tsne.ipynb", layoutRuns, BuildFigure5},
		{"table3", []string{"table3", "table14", "table15"}, "Tables 3, 14, 15: calibration and temperature scaling",
			"LP-FT's large classifier norm makes it overconfident; temperature scaling, which shrinks the norm after training, mends that, and gains most for LP-FT.",
			"table03_calibration.ipynb", measuredRuns(false, anyTask), BuildTable3},
		{"table6", []string{"table6"}, "Table 6: hyperparameters", "Batch size and learning rate of every method on every data set.",
			"table06_hyperparameters.ipynb", noRuns, BuildTable6},
		{"table7", []string{"table7"}, "Table 7: data sets", "Rows and classes of the thirteen data sets.",
			"table07_datasets.ipynb", noRuns, BuildTable7},
		{"table8", []string{"table8", "table16"}, "Tables 8, 16: test results",
			"LP-FT is at least as accurate as FT on most data sets; LP alone is below both.",
			"table08_results.ipynb", measuredRuns(false, anyTask), BuildTable8},
		{"table10", []string{"table10", "table11"}, "Tables 10, 11: in and out of distribution",
			"Trained on Amazon reviews and tested on other sentiment sets, LP-FT changes features less than FT and is at least as accurate on most.",
			"table10_boss.ipynb", measuredRuns(true, withShifted), BuildTable10},
		{"table12", []string{"table12", "table13"}, "Tables 12, 13: feature changes and classifier norms",
			"On every data set features change less in LP-FT than in FT, and LP leaves a far larger classifier norm than FT.",
			"table12_changes.ipynb", measuredRuns(true, anyTask), BuildTable12},
		{"proposition1", []string{"proposition1"}, "Proposition 1: Θ = P + F, and one step of training",
			"The NTK splits into a part of the head, P, and a part of the encoder, F = V0 Θ^φ V0ᵀ, which grows with ‖V0‖²; one step changes logits and features by (4) and (5).",
			"theory_proposition1.ipynb", proposition1Plan, BuildProposition1},
		{"corollary1", []string{"corollary1"}, "Equations (4), (5), Corollary 1 (6): one step and many",
			"In the NTK regime logits and features change by (4) and (5); in the linear model features outside the training rows' span never move.",
			"theory_corollary1.ipynb", noRuns, BuildCorollary1},
		{"growth", []string{"equation7", "equation8"}, "Equations (7), (8): why the head's norm grows",
			"Once the cosines have the labels' signs, the loss falls in every row's norm: the head grows as long as it trains.",
			"theory_growth.ipynb", noRuns, BuildGrowth},
		{"proposition2", []string{"proposition2"}, "Proposition 2: LoRA's kernel is nearly a multiple of FT's",
			"With a Gaussian A, LoRA's P is FT's, and its F is close to σ²r times FT's with high probability.",
			"theory_proposition2.ipynb", noRuns, BuildProposition2},
	}
}

// ItemByID finds an item by its id or by a table or figure that it covers; the error lists what
// there is.
func ItemByID(id string) (Item, error) {
	var ids []string
	for _, item := range Items() {
		if item.ID == id || slices.Contains(item.Covers, id) {
			return item, nil
		}
		ids = append(ids, item.Covers...)
	}
	return Item{}, fmt.Errorf("item %q is not known: there are %s", id, strings.Join(ids, ", "))
}

// built puts an item together.
func built(ctx context.Context, s *study.Session, id string, tables []report.Table, figures []report.Figure, claims []paper.Claim) (*Built, error) {
	item, err := ItemByID(id)
	if err != nil {
		return nil, err
	}
	list, err := provenance(ctx, s)
	if err != nil {
		return nil, err
	}
	return &Built{Item: report.Item{ID: item.ID, Title: item.Title, PaperClaim: item.Claim, Tables: tables, Figures: figures, Provenance: list}, Claims: claims}, nil
}

// needs is an item that cannot be made here, and says what it would take.
func needs(ctx context.Context, s *study.Session, id, what string) (*Built, error) {
	b, err := built(ctx, s, id, nil, nil, nil)
	if err == nil {
		b.Item.State = "missing: needs " + what
	}
	return b, err
}

// setting is what a comparison with print must know about a task's numbers.
func setting(ctx context.Context, s *study.Session, id string) (paper.Setting, error) {
	m, err := s.Model(ctx)
	if err != nil {
		return paper.Setting{}, err
	}
	d, err := s.Data(ctx, id)
	if err != nil {
		return paper.Setting{}, err
	}
	out := paper.Setting{Model: m.Checkpoint.Name, StandInData: d.Task.StandIn, PaperCompatible: s.Profile.PaperCompatible}
	if s.Profile.From != "paper" {
		out.Reduced = "profile " + s.Profile.Name
	}
	return out, nil
}

// footer is the line of provenance under a figure and a table about some tasks, or all of the session's.
func footer(ctx context.Context, s *study.Session, tasks ...string) (string, error) {
	m, err := s.Model(ctx)
	if err != nil {
		return "", err
	}
	be, err := s.Backend()
	if err != nil {
		return "", err
	}
	notes, err := s.StudyNotes(ctx, tasks...)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("lpft, profile %s, %s, seeds %v, backend %s, paper-compatible head: %v.", s.Profile.Name, m.Checkpoint.Name, s.Profile.Seeds, be.Arithmetic(), s.Profile.PaperCompatible)
	if len(notes) > 0 {
		text += " " + strings.Join(notes, "; ") + "."
	}
	return text, nil
}

// provenance is an item's record for the report.
func provenance(ctx context.Context, s *study.Session) ([]report.KeyValue, error) {
	m, err := s.Model(ctx)
	if err != nil {
		return nil, err
	}
	be, err := s.Backend()
	if err != nil {
		return nil, err
	}
	ids, err := s.Tasks(ctx)
	if err != nil {
		return nil, err
	}
	p := store.NewProvenance()
	list := []report.KeyValue{
		{Key: "profile", Value: s.Profile.Name}, {Key: "seeds", Value: fmt.Sprint(s.Profile.Seeds)},
		{Key: "model", Value: fmt.Sprintf("%s from %s, sha256 %s", m.Checkpoint.Name, m.Checkpoint.Source, m.Checkpoint.Digest)},
		{Key: "backend", Value: fmt.Sprintf("%s, TF32 %v, SIMD %v", be.Engine, be.TF32, be.SIMD)},
		{Key: "program", Value: fmt.Sprintf("%s, %s/%s, commit %s, changed since: %v", p.Go, p.OS, p.Arch, p.Commit, p.Dirty)},
		{Key: "linear probes go to", Value: s.StopNote()},
		{Key: "binary linear probes", Value: fmt.Sprintf("halved as in the published code: %v", s.Profile.PaperCompatible)},
	}
	for _, id := range ids {
		d, err := s.Data(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, report.KeyValue{Key: "task " + id, Value: fmt.Sprintf("%s, sha256 %s", d.Source, d.Digest)})
	}
	return list, nil
}

// saveFigure writes a figure as PNG and SVG into the study's figure folder.
func saveFigure(s *study.Session, name, caption string, f *plots.Figure) (report.Figure, error) {
	dir := filepath.Join(s.Home(), "figures", s.Profile.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return report.Figure{}, fmt.Errorf("figures: %v", err)
	}
	base := filepath.Join(dir, name)
	if err := f.Save(base); err != nil {
		return report.Figure{}, err
	}
	return report.Figure{PNGPath: base + ".png", SVGPath: base + ".svg", Alt: f.Alt(), Caption: caption}, nil
}

// plotOptions are the title, footer and metadata of a figure about some tasks, or all.
func plotOptions(ctx context.Context, s *study.Session, title string, tasks ...string) (plots.Options, error) {
	text, err := footer(ctx, s, tasks...)
	if err != nil {
		return plots.Options{}, err
	}
	list, err := provenance(ctx, s)
	if err != nil {
		return plots.Options{}, err
	}
	meta := map[string]string{}
	for _, kv := range list {
		meta[kv.Key] = kv.Value
	}
	return plots.Options{Title: title, Footer: text, Metadata: meta, Colors: colorsOf(ctx)}, nil
}
