package proxy

import (
	"go/ast"
	"regexp"
	"slices"
)

// Go lets a call stand alone whether or not it gives a value, and no parser can tell. Those whose value a reader wants are
// told by their names, which TestShownCallsAreWhatThePackagesHave holds against the packages' sources.
var (
	// shownPackages are the packages of this project whose functions are shown, by the names that cells call them by.
	shownPackages = []string{"lpftlib", "kernels", "measure", "plots"}
	// silent are the functions of shownPackages that give nothing.
	silent = []string{"lpftlib.Display", "lpftlib.Keep"}
	// shownMethods are methods of a study's, a kernel's and a head's values. None is a method of gonum's matrices that gives nothing.
	shownMethods = []string{
		"Contents", "Examples", "FeatureKernel", "Features", "Following", "Freezing", "Item", "Kernel", "Labels", "Layer", "Layout",
		"Linearised", "Logits", "Measure", "MeasureOn", "Measures", "Movement", "Places", "Probe", "ProbePath", "Recipe",
		"ScaledStart", "Small", "Stability", "Strengths", "Sweep", "Task", "Tasks", "TestSets", "Tokens", "Train", "TrainAs",
		"Above", "Alt", "BiasNorm", "Centred", "EffectiveRank", "FrobeniusNorm", "Halved", "Matrix", "MaxAbs",
		"Norm", "Normalised", "Permuted", "Plus", "Predict", "Ranks", "ScaleBy", "ScaleTo",
	}
	// refused are Go's own functions and types whose value the compiler wants to see used, so that showing it is all that a cell can mean.
	refused = []string{
		"append", "cap", "complex", "imag", "len", "make", "max", "min", "new", "real",
		"bool", "byte", "float32", "float64", "int", "int64", "rune", "string", "uint", "uint64",
	}
)

// givesValue says that a call's value is one to show. What the cells declare themselves is theirs, whatever its name.
func givesValue(call *ast.CallExpr, cells string) bool {
	fun := ast.Unparen(call.Fun)
	if typed, ok := fun.(*ast.IndexExpr); ok { // lpftlib.Kept[float64]("x")
		fun = typed.X
	}
	switch f := fun.(type) {
	case *ast.Ident:
		return slices.Contains(refused, f.Name) && !declares(cells, f.Name)
	case *ast.SelectorExpr:
		if !importsLpftlib.MatchString(cells) {
			return false
		}
		if of, ok := f.X.(*ast.Ident); ok && slices.Contains(shownPackages, of.Name) {
			return f.Sel.IsExported() && !slices.Contains(silent, of.Name+"."+f.Sel.Name)
		}
		return slices.Contains(shownMethods, f.Sel.Name) && !declares(cells, f.Sel.Name)
	}
	return false
}

// declares says that cells have a function or method of a name.
func declares(cells, name string) bool {
	return regexp.MustCompile(`(?m)^\s*func\s*(\([^)]*\)\s*)?` + regexp.QuoteMeta(name) + `\b|\b` + regexp.QuoteMeta(name) + `\s*:?=\s*func\b`).MatchString(cells)
}
