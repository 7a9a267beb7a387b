// Package plots draws the figures of the paper, one function a figure.
//
// It reads plain result structs defined here and computes no result itself: what goes in is
// what the page shows. A figure is made in two steps, drawn once and written in any format:
//
//	fig, err := plots.NormGrowth([]plots.CurvePanel{{
//		Title: "(a) LP on RTE", XLabel: "iterations", LogX: true,
//		YLabel: "accuracy (%)", Left: []plots.Series{{Name: "train", X: it, Y: acc}},
//		RightLabel: "‖V‖_{F}", Right: []plots.Series{{Name: "‖V‖_{F}", X: it, Y: norm}},
//	}}, plots.Options{Title: "Figure 1", Footer: "profile demo · seed 1001 · backend go"})
//	if err != nil { … }
//	err = fig.Save("report/figure1") // report/figure1.png and report/figure1.svg
//
// # Figures
//
//   - [NormGrowth]: Figures 1 and 4, accuracy and classifier norm while training (twin axes), bars of it after training
//   - [NormSweep]: Figures 3, 10 and 11, Diff(F) against the classifier norm, with bands
//   - [Spectra]: Figures 2 and 7, normalised singular values
//   - [HeatMaps]: Figures 8 and 9, trace norms of the kernel's blocks
//   - [TSNE]: Figures 5 and 6, features and head rows embedded together
//
// # Conventions
//
// The width is that of the paper's text column (5.5 inch) unless [Options].Width says otherwise, the
// type stays at 6 to 9 points, and only the Liberation fonts that gonum/plot embeds are used, so a
// figure looks the same on every machine. Colours are those of Okabe and Ito, which the colour-blind can
// tell apart; lines also differ in dash pattern and marker. A method keeps its colour in all figures
// (style.go): warm for FT and LoRA, cold for the variants that start from LP.
//
// Labels may hold subscripts and superscripts: "‖V‖_{F}", "10^{-3}".
//
// Where a figure came from is printed in its footer ([Options].Footer) and stored in the file
// ([Options].Metadata): text chunks of a PNG, the metadata element of an SVG.
package plots
