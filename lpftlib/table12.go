package lpftlib

import (
	"context"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
)

// BuildTable12 is Tables 12 and 13: how far features moved in the FT stage, and the head's norm.
func BuildTable12(ctx context.Context, s *study.Session) (*Built, error) {
	rows, err := measuresOfAll(ctx, s, true)
	if err != nil {
		return nil, err
	}
	columns := []column{of("Diff(F)", "diff_f", 12), of("Norm(C)", "norm_c", 13), of("Norm(C) at the start", "norm_start"), of("κ*", "kappa"), of("selected epoch", "epoch")}
	table, err := measuredTable(ctx, s, rows, columns, "Diff(F) between start and end of the FT stage on the test set (Table 12), ‖V‖ (Table 13).")
	if err != nil {
		return nil, err
	}
	mine := own(rows)
	claims := []paper.Claim{paper.C1(pairs(rows, study.LPFT, study.FT, diffOf)), paper.C2(pairs(mine, study.LP, study.FT, normOf))}
	if low := pairs(rows, study.LPLoRA, study.LoRA, diffOf); len(low) > 0 {
		claims = append(claims, paper.AsInPrint(paper.Empirical, "Diff(F) of LP-LoRA is below LoRA's", paper.Less, low, paper.DiffOfLoRA), paper.AsInPrint(paper.Ordering, "‖V‖ of LoRA is above the random head's", paper.Less, pairs(mine, study.Pretrained, study.LoRA, normOf), paper.NormOfLoRA))
	}
	return built(ctx, s, "table12", []report.Table{*table}, nil, claims)
}
