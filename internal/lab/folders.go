package lab

import (
	"fmt"
	"os"
	"path/filepath"
)

// ForCells sets the folders that cells find in their environment, as absolute paths: a cell's
// working folder is its notebook's.
func ForCells(folders map[string]string) error {
	for variable, dir := range folders {
		if dir == "" {
			dir = os.Getenv(variable)
		}
		if dir == "" {
			continue
		}
		abs, err := filepath.Abs(dir)
		if err != nil {
			return err
		}
		if info, err := os.Stat(abs); err != nil || !info.IsDir() {
			return fmt.Errorf("folder %s (%s): not found", abs, variable)
		}
		if err := os.Setenv(variable, abs); err != nil {
			return err
		}
	}
	return nil
}
