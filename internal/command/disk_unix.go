//go:build unix

package command

import "syscall"

// freeGB is the room on a folder's disk.
func freeGB(dir string) (float64, bool) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, false
	}
	return float64(fs.Bavail) * float64(fs.Bsize) / 1e9, true
}
