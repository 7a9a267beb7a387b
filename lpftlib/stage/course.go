package stage

// Course is what happened during a run, for Figures 1 and 4 and for the report.
type Course struct {
	Steps  []Step  `json:"steps"`
	Points []Point `json:"points"`
}

// Step is one optimiser step, with dropout on as it was taken.
type Step struct {
	Step      int     `json:"step"` // from 1
	Rate      float64 `json:"rate"`
	Loss      float64 `json:"loss"`
	GradNorm  float64 `json:"grad_norm"`  // before clipping
	NormC     float64 `json:"norm_c"`     // ‖V‖_F after the step
	NormB     float64 `json:"norm_b"`     // ‖b‖ after the step
	LogitNorm float64 `json:"logit_norm"` // mean ‖f(x)‖ over the batch
}

// Point is an evaluation on the validation split, without dropout.
type Point struct {
	Epoch     float64 `json:"epoch"` // 0 before training; fractions inside an epoch
	Step      int     `json:"step"`
	Score     float64 `json:"score"` // the task's metric, the one that selects
	Accuracy  float64 `json:"accuracy"`
	Loss      float64 `json:"loss"`
	NormC     float64 `json:"norm_c"`
	NormB     float64 `json:"norm_b"`
	LogitNorm float64 `json:"logit_norm"` // mean ‖f(x)‖
	DiffF     float64 `json:"diff_f"`     // mean ‖φ(x) − φ_pre(x)‖
}
