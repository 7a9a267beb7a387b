package fetch

import (
	"fmt"

	"lpft/lpftlib/store"
)

// DigestError says that a file is not the pinned one.
type DigestError struct{ File, Got, Want string }

func (e *DigestError) Error() string {
	return fmt.Sprintf("%s has SHA-256 %s, expected %s", e.File, e.Got, e.Want)
}

// CheckDigest compares a file's SHA-256 with the expected one, 64 hexadecimal digits.
func CheckDigest(file, want string) error {
	got, err := store.DigestFile(file)
	if err == nil && got != want {
		err = &DigestError{file, got, want}
	}
	return err
}
