//go:build !unix

package server

// alive is not known here: what has asked counts as open.
func alive(int) bool { return true }
