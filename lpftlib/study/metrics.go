package study

import (
	"math"

	"lpft/lpftlib/stage"
)

// Metric is a number of a run: a column of a table.
type Metric struct {
	Name   string                  // as in JSON, and the paper's name of it in its tables
	Title  string                  // as in the paper
	Digits int                     // after the decimal point
	Of     func(*Measures) float64 // NaN where undefined
}

// The metrics that the paper's tables are about, and those that read its mechanism.
var (
	TestScore = Metric{"score", "score", 2, func(m *Measures) float64 { return m.Score }}                         // × 100
	CS        = Metric{"cs_f", "CS(F)", 3, func(m *Measures) float64 { return m.CS }}                             // Tables 1, 11
	Diff      = Metric{"diff_f", "Diff(F)", 3, func(m *Measures) float64 { return m.Diff }}                       // Tables 1, 11, 12
	FDR       = Metric{"fdr_f", "FDR(F)", 3, func(m *Measures) float64 { return orNaN(m.FDR) }}                   // Tables 1, 11
	NormC     = Metric{"norm_c", "Norm(C)", 3, func(m *Measures) float64 { return m.NormC }}                      // Tables 1, 11, 13
	NormStart = Metric{"norm_start", "Norm(C) at the start", 3, func(m *Measures) float64 { return m.NormStart }} // ‖V0‖
	ECE       = Metric{"ece_wo_ts", "ECE", 2, func(m *Measures) float64 { return m.ECE }}                         // Tables 3, 14, 15
	ECEScaled = Metric{"ece_w_ts", "ECE, TS", 2, scaled(published, func(s *Scaled) float64 { return s.ECE })}
	MCE       = Metric{"mce_wo_ts", "MCE", 2, func(m *Measures) float64 { return m.MCE }}
	MCEScaled = Metric{"mce_w_ts", "MCE, TS", 2, scaled(published, func(s *Scaled) float64 { return s.MCE })}
	Accuracy  = Metric{"accuracy", "accuracy", 2, func(m *Measures) float64 { return m.Accuracy }} // per cent
	Matthews  = Metric{"matthews", "Matthews", 2, func(m *Measures) float64 { return m.Matthews }} // × 100
	Majority  = Metric{"majority", "majority", 2, func(m *Measures) float64 { return m.Majority }}
	NLL       = Metric{"nll", "NLL", 4, func(m *Measures) float64 { return m.NLL }}
	Kappa     = Metric{"kappa", "κ*", 4, func(m *Measures) float64 { return m.Kappa }}
	// Of the FT stage's recipe.
	Batch = Metric{"batch", "batch", 0, func(m *Measures) float64 {
		return ofRecipe(m, func(r *stage.Recipe) float64 { return float64(r.Batch) })
	}}
	LearningRate = Metric{"learning_rate", "learning rate", 3, func(m *Measures) float64 {
		return ofRecipe(m, func(r *stage.Recipe) float64 { return r.LearningRate })
	}}

	Epoch = Metric{"epoch", "epoch", 1, func(m *Measures) float64 { return float64(m.Epoch) }}

	Temperature      = Metric{"temperature", "T", 3, scaled(published, func(s *Scaled) float64 { return s.Temperature.T })}
	ExactTemperature = Metric{"temperature_exact", "exact T", 3, scaled(exact, func(s *Scaled) float64 { return s.Temperature.T })}
	ECEExactlyScaled = Metric{"ece_w_exact_ts", "ECE, exact TS", 2, scaled(exact, func(s *Scaled) float64 { return s.ECE })}
	MCEExactlyScaled = Metric{"mce_w_exact_ts", "MCE, exact TS", 2, scaled(exact, func(s *Scaled) float64 { return s.MCE })}
)

// Metrics are the columns of `lpft results`, in order.
func Metrics() []Metric {
	return []Metric{
		TestScore, CS, Diff, FDR, NormC, ECE, ECEScaled, ECEExactlyScaled, MCE, MCEScaled, MCEExactlyScaled, Temperature, ExactTemperature,
		Accuracy, Matthews, Majority, NLL,
		{"brier", "Brier", 4, func(m *Measures) float64 { return m.Brier }},
		NormStart,
		{"norm_b", "‖b‖", 3, func(m *Measures) float64 { return m.NormB }},
		{"logit_norm", "‖f(x)‖", 3, func(m *Measures) float64 { return m.LogitNorm }},
		Kappa, Epoch,
	}
}

func published(m *Measures) *Scaled { return m.Published }
func exact(m *Measures) *Scaled     { return m.Exact }

// scaled is a number after temperature scaling, undefined without validation rows.
func scaled(pick func(*Measures) *Scaled, of func(*Scaled) float64) func(*Measures) float64 {
	return func(m *Measures) float64 {
		if s := pick(m); s != nil {
			return of(s)
		}
		return math.NaN()
	}
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// ofRecipe is a number of the FT stage's recipe, undefined without one.
func ofRecipe(m *Measures, of func(*stage.Recipe) float64) float64 {
	if m.Setting.Recipe == nil {
		return math.NaN()
	}
	return of(m.Setting.Recipe)
}
