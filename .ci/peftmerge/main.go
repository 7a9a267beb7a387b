// Command peftmerge writes a model with a PEFT adapter merged into it: peftmerge MODEL ADAPTER OUT.
package main

import (
	"fmt"
	"os"

	"lpft/lpftlib/encoder"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: peftmerge MODEL ADAPTER OUT")
		os.Exit(2)
	}
	if err := merge(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func merge(model, adapter, out string) error {
	cfg, err := encoder.ReadConfig(model)
	if err != nil {
		return err
	}
	factors, err := encoder.LoadPEFT(adapter, cfg)
	if err != nil {
		return err
	}
	weights, err := encoder.LoadWeights(model, cfg)
	if err != nil {
		return err
	}
	return factors.Merge(weights).Save(out)
}
