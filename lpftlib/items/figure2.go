package items

import (
	"fmt"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// figure2 is Figures 2 and 7: normalised singular values of P and of every method's F.
func figure2() Item {
	return recipe[[]*study.KernelStats]{needs: kernelPlan, data: kernelStats, view: figure2View,
		judge: func(all []*study.KernelStats) []paper.Claim { return []paper.Claim{paper.C6(spectraOf(all))} }}.item(Item{
		ID: "figure2", Covers: []string{"figure2", "figure7"}, Title: "Figures 2, 7: spectra of the kernels",
		Claim:    "P falls fastest; F of FT and LoRA are alike, and so are F of LP-FT and LP-LoRA.",
		Notebook: "figure02_spectra.ipynb",
	})
}

func figure2View(f *Facts, all []*study.KernelStats) (View, error) {
	var panels []plots.SpectraPanel
	for i, id := range kernelTasksOf(all) {
		panel := plots.SpectraPanel{Title: fmt.Sprintf("(%c) %s", 'a'+i, id)}
		for _, m := range kernelMethods {
			k := kernelOf(all, id, m)
			if k == nil {
				continue
			}
			if len(panel.Spectra) == 0 {
				panel.Spectra = append(panel.Spectra, plots.Spectrum{Name: "P", Values: upToRank(k.SpectrumP, &k.P)})
			}
			panel.Spectra = append(panel.Spectra, plots.Spectrum{Name: "F, " + m.Title(), Values: upToRank(k.SpectrumF, &k.F)})
		}
		panels = append(panels, panel)
	}
	fig, err := plots.Spectra(panels, f.plot("Normalised singular values of the kernels", kernelTasksOf(all)...))
	caption := fmt.Sprintf("Singular values of P and F over the largest, log scale, down to the rank's tolerance σ_max·NC·2⁻²³; N = %d training rows at most.", f.profile.NTKRows)
	return View{Figures: []Drawing{{fig, "figure02-spectra", caption}}}, err
}

// upToRank leaves out singular values that are float32's rounding.
func upToRank(values []float64, sum *study.KernelSummary) []float64 {
	return values[:max(1, min(len(values), sum.Rank.Float32))]
}
