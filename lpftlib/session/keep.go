package session

import (
	"fmt"
	"strings"
)

// Keep says what stays in the store of a finished training once its features and measures are there. A model of
// RoBERTa-base's size takes 475 MB, its head and course some kilobytes.
type Keep string

// The policies.
const (
	KeepAll   Keep = "all"   // everything
	KeepHeads Keep = "heads" // heads, courses, adapters, features and kernels, but no fully trained encoder
	KeepNone  Keep = "none"  // heads and courses alone: no adapters, no trained models' features, no kernels
)

// ParseKeep reads a policy.
func ParseKeep(text string) (Keep, error) {
	switch k := Keep(text); k {
	case KeepAll, KeepHeads, KeepNone:
		return k, nil
	}
	return "", fmt.Errorf("%q is no policy for weights: there are all, heads and none", text)
}

// drops says which files of a step's result go.
func (k Keep) drops(step Planned) func(name string) bool {
	var suffixes []string
	switch in := step.Step.Inputs.(type) {
	case finetuneInputs:
		suffixes = append(suffixes, "model.safetensors") // adapter_model.safetensors, too
		if k == KeepHeads && in.Method.LowRank() {
			suffixes = nil
		}
	case featureInputs:
		if in.Trained != "" && k == KeepNone {
			suffixes = append(suffixes, ".npy")
		}
	case kernelInputs:
		if k == KeepNone {
			suffixes = append(suffixes, kernelFile)
		}
	}
	return func(name string) bool {
		for _, suffix := range suffixes {
			if k != KeepAll && strings.HasSuffix(name, suffix) {
				return true
			}
		}
		return false
	}
}

// Left is about how many bytes of a step's result stay.
func (k Keep) Left(step Planned) int64 {
	drops := k.drops(step)
	if drops("model.safetensors") || drops("test.npy") || drops(kernelFile) {
		return 0
	}
	return step.Disk
}

// Shed drops what the policy does not keep of a step's result, and returns the bytes that this frees.
func (s *Session) Shed(step Planned, k Keep) (int64, error) {
	if k.Left(step) == step.Disk {
		return 0, nil
	}
	a, ok, err := s.Store.Lookup(step.Step)
	if err != nil || !ok {
		return 0, err
	}
	return s.Store.Lighten(a, k.drops(step))
}
