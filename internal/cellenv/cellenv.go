// Package cellenv names what the kernel tells a cell's program through its environment.
package cellenv

const (
	Program = "LPFT_PROGRAM" // path of the lpft that serves cells as worker
	Sources = "LPFT_SOURCES" // folder of the sources that it is built from, as the cells are
	Kernel  = "LPFT_KERNEL"  // process id of the notebook's kernel
	Kept    = "LPFT_KEPT"    // folder of values that cells keep for each other; it ends with the kernel

	// Worker is the user's: "off" for a worker that ends with its cell, or the path of a worker's socket.
	Worker = "LPFT_WORKER"
)
