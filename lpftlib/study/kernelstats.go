package study

import "lpft/kernels"

// KernelStats is what Tables 2 and 9 and Figures 2 and 7-9 show of one method's kernels.
type KernelStats struct {
	Spec
	Rows     int `json:"rows"`      // N
	TestRows int `json:"test_rows"` // M
	Summary
	SpectrumP []float64             `json:"spectrum_p"` // singular values over the largest
	SpectrumF []float64             `json:"spectrum_f"`
	MapP      *kernels.TraceNormMap `json:"map_p"` // trace norms of C×C blocks, rows grouped by class
	MapF      *kernels.TraceNormMap `json:"map_f"`
	Groups    []string              `json:"groups"`
	Shares    []float64             `json:"shares"` // of each group in tr(F)
	HeadNorm  float64               `json:"head_norm"`
}

// PretrainStats is what tables and figures show of P. It depends on the pre-trained features
// alone, so that all methods of a task and seed share it.
type PretrainStats struct {
	Summary  KernelSummary         `json:"summary"`
	Spectrum []float64             `json:"spectrum"`
	Map      *kernels.TraceNormMap `json:"map"`
}
