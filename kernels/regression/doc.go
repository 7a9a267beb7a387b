// Package regression fits a logistic regression to the rows of a kernel, as the paper's Tables 2 and 9 do to ask how
// much of the labels P, F and Θ know.
//
//	m, err := regression.Fit(ctx, k.Theta, k.Labels, regression.Options{Stop: probe.StopSklearn10})
//	score, err := m.Score(k.ThetaTest, k.LabelsTest)
package regression
