package backend

import (
	"os"
	"strings"
)

// Named is an engine by its name alone, as flag or GOMLX_BACKEND give it: for plans of work that other machines do, which
// must name the engine and cannot open it. Nothing can be computed with it. ok is false where neither names one.
func Named(spec string) (b *Backend, ok bool, err error) {
	if spec == "" {
		spec = os.Getenv(EnvVar)
	}
	if spec == "" {
		return nil, false, nil
	}
	r, err := parse(spec)
	if err != nil {
		return nil, false, err
	}
	return &Backend{Engine: r.engine, TF32: r.tf32(), Why: "planned for backend " + r.engine}, true, nil
}

// tf32 tells whether reduced-precision products are asked for.
func (r request) tf32() bool {
	return strings.Contains(r.spec, "tf32=true") || strings.HasSuffix(r.spec, ",tf32")
}
