package store

import (
	"context"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// gitPatience is how long git may take to answer; without an answer the commit is unknown.
const gitPatience = 5 * time.Second

// checkedOut is the commit of the git work tree that tracks file, and whether that tree has
// changes that are not committed. The commit is "" where there is none, or no git: a file in a
// module cache may lie inside somebody's work tree and still be no part of it.
func checkedOut(file string) (commit string, dirty bool) {
	if !filepath.IsAbs(file) {
		return "", false // built with -trimpath: where the source lies is unknown
	}
	ctx, cancel := context.WithTimeout(context.Background(), gitPatience)
	defer cancel()
	dir := filepath.Dir(file)
	if _, err := git(ctx, dir, "ls-files", "--error-unmatch", "--", filepath.Base(file)); err != nil {
		return "", false
	}
	commit, err := git(ctx, dir, "rev-parse", "HEAD")
	if err != nil {
		return "", false
	}
	changes, err := git(ctx, dir, "status", "--porcelain")
	return commit, err != nil || changes != "" // not known to be clean counts as dirty
}

func git(ctx context.Context, dir string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", append([]string{"--no-optional-locks", "-C", dir}, args...)...).Output()
	return strings.TrimSpace(string(out)), err
}

// sourceFile is the path that this file was compiled from.
func sourceFile() string {
	_, file, _, _ := runtime.Caller(0)
	return file
}
