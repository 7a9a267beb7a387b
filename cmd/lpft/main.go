//go:build !amd64 || !unix || goexperiment.simd

package main

import "lpft/internal/command"

func main() { command.Main() }
