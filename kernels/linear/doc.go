// Package linear is the paper's theory on the smallest model that shows it: the two-layer linear network of
// Definition 1,
//
//	f(x) = V B x,    φ(x) = B x ∈ R^h,    V ∈ R^{C×h},  B ∈ R^{h×d},
//
// in float64, with every formula beside the code that evaluates it. V is the head, B the encoder; there is no bias,
// so P lacks the "+ 1" of equation (2).
//
//	model := linear.Random(classes, h, d, seed)
//	p, f := model.PretrainEffective(x, x), model.FTEffective(x, x)   // (2), (3): kernels of package kernels
//	after, err := model.Step(x, labels, 0.01)                        // one step of gradient descent
//	errors, err := model.StepErrors(x, labels, test, etas)           // how well (4) and (5) predict it
//
// The parts, one file each:
//
//   - model.go, kernel.go: the model, Θ^φ, P and F;
//   - step.go: one step of gradient descent, equations (4) and (5);
//   - course.go: many steps, for Corollary 1, equation (6), and the growth of the head;
//   - growth.go: why the head's norm grows, equations (7) and (8);
//   - lora.go, exceedance.go: Proposition 2, equations (9) and (10).
//
// Nothing here is trained for its own sake; [Model.StepErrors], [Model.Course], [Exceedances] and [Geometry] return the
// numbers that a notebook plots. Matrices whose shapes do not fit panic, as in gonum.
package linear
