package encoder

import "maps"

// Merge returns a copy of w with every factor pair added into its dense weight, W + s·BA,
// and Replaced in place. Evaluating the merged model without LoRA gives the same features.
func (l *LoRAWeights) Merge(w *Weights) *Weights {
	out := w.Clone()
	s := l.Alpha / float64(l.Rank)
	for _, name := range l.Layers {
		weight, a, b := out.Tensors[name+".weight"], l.A[name], l.B[name]
		rows, cols := l.shapes[name][0], l.shapes[name][1]
		for o := range rows {
			for i := range cols {
				sum := 0.0
				for k := range l.Rank {
					sum += float64(b[o*l.Rank+k]) * float64(a[k*cols+i])
				}
				weight[o*cols+i] = float32(float64(weight[o*cols+i]) + s*sum)
			}
		}
	}
	maps.Copy(out.Tensors, l.Replaced)
	return out
}
