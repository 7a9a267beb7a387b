//go:build unix && !linux

package main

// waitsForInput is not known here: a program asks with gonbui.RequestInput before it reads.
func waitsForInput(int) bool { return false }
