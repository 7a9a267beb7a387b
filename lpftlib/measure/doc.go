// Package measure computes the numbers of the paper's tables from features, heads and logits (Tomihari & Sato,
// NeurIPS 2024, Sections 5 and 6 and Appendix A), one file a metric, each with its formula.
//
// Inputs are always the same three: features φ [n, h] (one row a sample), labels y [n] with classes 0 … C−1, and
// logits f [n, C]; everything is float64 and taken in evaluation mode, without dropout. A metric returns an error,
// never NaN, where it is not defined: no rows, shapes that do not fit, a number that is not finite. A class of which
// no row is present is no error.
//
// Features, against themselves, against the pre-trained model and between the classes (Tables 1, 11, 12):
//
//	cs, err := measure.CosineSimilarity(features)                                        // CS(F)
//	diff, err := measure.FeatureDifference(features, pretrained)                         // Diff(F)
//	fdr, err := measure.FDR(features, labels, 3, measure.DefaultFDR(n, h, 3))             // FDR(F)
//
// MeanLogitNorm. Predictions: Accuracy, Matthews, NLL, Brier.
// Calibration (Tables 3, 14, 15): ECE and MCE over 15 bins, before and after temperature scaling:
//
//	fit, err := measure.FitTemperature(validationLogits, validationLabels)               // Adam, as published
//	exact, err := measure.ExactTemperature(validationLogits, validationLabels)           // the minimiser
//	after, err := measure.ECE(measure.ScaleLogits(testLogits, fit.T), testLabels, measure.PaperBins)
//
// TSNE lays features out in the plane (Figures 5, 6), and Summarise gives the mean ± deviation over seeds.
//
// Nothing here is in per cent; the paper prints accuracy, ECE and MCE times 100.
package measure
