package study

import (
	"encoding/json"
	"math"

	"lpft/lpftlib/measure"
	"lpft/lpftlib/stage"
)

// Measures are all the numbers of one run on one test set: the rows of Tables 1, 3, 8 and 10-16
// and the points of Figures 3, 10 and 11. Everything is measured in evaluation mode at the
// selected epoch (docs/protocol.md, Metrics).
type Measures struct {
	Spec
	TestSet  string  `json:"test_set"` // Task, or a shifted test set
	Split    string  `json:"split"`    // of the test set: "test", or "train"
	Rows     int     `json:"rows"`     // n
	Score    float64 `json:"score"`    // the task's metric × 100: accuracy, CoLA Matthews
	Accuracy float64 `json:"accuracy"` // per cent
	Matthews float64 `json:"matthews"` // × 100
	Majority float64 `json:"majority"` // accuracy of the most frequent class, per cent

	CS       float64  `json:"cs_f"`                // mean cosine similarity among features; NaN where undefined (in JSON: 0)
	Diff     float64  `json:"diff_f"`              // mean ‖φ − φ_pre‖; 0 where the encoder is the pre-trained one
	FDR      *float64 `json:"fdr_f,omitempty"`     // tr(S_W⁻¹S_B); nil where undefined, as for rows of one class
	FDRKind  string   `json:"fdr_by,omitempty"`    // "inverse", or "pinv" where S_W is singular
	FDRFloor float64  `json:"fdr_floor,omitempty"` // E[FDR] of pure noise; 0 where undefined

	NormStart float64 `json:"norm_start"` // ‖V0‖_F: before the FT stage, after scaling
	NormC     float64 `json:"norm_c"`     // ‖V‖_F
	NormB     float64 `json:"norm_b"`     // ‖b‖
	LogitNorm float64 `json:"logit_norm"` // mean ‖f(x)‖
	Kappa     float64 `json:"kappa,omitempty"`
	Epoch     int     `json:"epoch,omitempty"` // selected epoch of the FT stage

	ProbeAtLimit *bool `json:"probe_at_limit,omitempty"` // a fit of the linear probe ended at its limit of iterations; nil: no probe, or not recorded

	Brier     float64 `json:"brier"`      // sum over classes, mean over rows
	BrierMean float64 `json:"brier_mean"` // mean over rows and classes, as in the published code
	Calibration
	Published *Scaled `json:"temperature_published,omitempty"` // temperature by the paper's recipe; nil without validation rows
	Exact     *Scaled `json:"temperature_exact,omitempty"`     // the exact minimiser

	// Undefined says, by [Metric].Name, why a number of these is not defined: of constant features, or a single row.
	Undefined map[string]string `json:"undefined,omitempty"`

	Setting Setting `json:"setting"`
}

// Calibration is how far confidence and accuracy are apart (15 bins).
type Calibration struct {
	ECE float64 `json:"ece"` // per cent
	MCE float64 `json:"mce"` // per cent
	NLL float64 `json:"nll"`
}

// Scaled is the calibration after temperature scaling with a T fitted on the validation rows of
// the training task (docs/protocol.md, Temperature scaling).
type Scaled struct {
	Temperature measure.Temperature `json:"fit"`
	Calibration
}

// Setting is what the numbers depend on besides task, method, seed and scaling. Runs are averaged
// over seeds only where their settings are equal.
type Setting struct {
	Profile         string        `json:"profile"`
	Model           string        `json:"model"`
	ModelDigest     string        `json:"model_digest"`
	Data            string        `json:"data"`      // digest of the training task's rows
	TestData        string        `json:"test_data"` // digest of the test set's rows
	StandIn         string        `json:"stand_in,omitempty"`
	Engine          string        `json:"engine"`
	MaxLen          int           `json:"max_len"`
	PaperCompatible bool          `json:"paper_compatible"`
	Stop            string        `json:"stop,omitempty"` // of linear probing, where the head comes from it and not from the minimiser
	Select          string        `json:"select,omitempty"`
	Recipe          *stage.Recipe `json:"recipe,omitempty"` // seed 0; nil without an FT stage
	LoRA            []float64     `json:"lora,omitempty"`
}

// plainMeasures are Measures without their own JSON.
type plainMeasures Measures

// MarshalJSON writes 0 for an undefined CS, for which JSON has no number.
func (m Measures) MarshalJSON() ([]byte, error) {
	if m.Undefined["cs_f"] != "" {
		m.CS = 0
	}
	return json.Marshal(plainMeasures(m))
}

// UnmarshalJSON reads what [Measures.MarshalJSON] wrote.
func (m *Measures) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, (*plainMeasures)(m)); err != nil {
		return err
	}
	if m.Undefined["cs_f"] != "" {
		m.CS = math.NaN()
	}
	return nil
}
