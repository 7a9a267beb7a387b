package paper

// Defect is something in the paper or its published code that keeps a number from being reproduced, and
// what this project does about it. Reasons of a [Judgement] cite defects by number.
type Defect struct {
	Number    int
	What      string
	WhatWeDo  string
	InTheCode bool // else in the paper's text or tables
}

// Defects are the known ones that decide verdicts or options here.
func Defects() []Defect {
	return []Defect{
		{1, "no code is published for FDR, CS, Diff(F), Norm(C), rank, FN, FT Ratio, spectra, heat maps, t-SNE, norm scaling and temperature scaling", "definitions that had to be inferred are named in the output", true},
		{2, "the word-embedding part of the kernel is sampled at 10 % and written to wrong rows", "the exact embedding kernel is the default; the published variants stand beside it", true},
		{3, "the LP head of a two-class set is halved", "paper-compatible halves it too; the report shows both", true},
		{4, "the kernel regression's accuracy counts (sample, class) pairs", "both scores are computed", true},
		{5, "kernel test rows are validation rows in the code, test rows in print", "test rows", true},
		{6, "the kernel script leaves LoRA's α at 16", "α = 8, as printed", true},
		{7, "CoLA runs select by accuracy, which that task does not report", "selection by Matthews correlation", true},
		{8, "LoRA collapses to the majority class on SST-2 and MRPC in Table 8 (the MRPC script has another learning rate than Table 6)", "Table 6 is run; both cells are not a target", true},
		{9, "CB's FT script runs one seed", "always five", true},
		{12, "the 250 rows of a kernel depend on earlier random calls", "own seeded draw, indices are saved", true},
		{13, "Table 7 counts differ from the files (CB test, WiC, CoLA) or count abstracts (PubMed)", "real counts; both are shown", false},
		{14, "Norm(C) and Diff(F) of the same runs are printed with different values in Tables 1, 11 and 12, 13", "a match with either counts", false},
		{15, "figure captions say standard error, the appendix says standard deviation", "standard deviation", false},
		{18, "CS, Diff(F) and FDR are not defined, nor the split they are computed on", "test split; the definitions stand in the output", false},
		{23, "the text claims a higher FDR of LP-FT out of distribution; its table says so for one of three sets", "the ordering is reported per set", false},
		{24, "the text says that FT's norm grows; it falls on 4 of 9 sets in Table 13", "growth is tested for LP and LoRA", false},
		{27, "Table 15 shows ordinary calibration for LoRA on SST-2 and MRPC where Table 8 shows constant predictions", "treated as different runs", false},
	}
}
