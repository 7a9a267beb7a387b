// Package ntk computes the kernels of package kernels for a Transformer, exactly and for all parameters.
package ntk
