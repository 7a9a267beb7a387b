// Package huggingface follows the conventions by which Python's huggingface_hub finds the Hub,
// its cache and the user's login, for models and data sets alike:
//
//	HF_ENDPOINT                          the Hub's address, which may have a path (a mirror's)
//	HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE ask the Hub for nothing
//	HF_TOKEN, HUGGING_FACE_HUB_TOKEN     the login's token, else
//	HF_TOKEN_PATH, HF_HOME/token         the file that "hf auth login" writes
//	HF_HUB_CACHE, HF_HOME/hub            the cache
package huggingface

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"lpft/internal/fetch"
	"lpft/internal/offline"
)

// Offline says which variable forbids asking the Hub, "" when none does.
func Offline() string { return offline.Variable() }

// home is HF_HOME or its default.
func home() string {
	if dir := os.Getenv("HF_HOME"); dir != "" {
		return dir
	}
	caches := os.Getenv("XDG_CACHE_HOME")
	if caches == "" {
		user, _ := os.UserHomeDir()
		caches = filepath.Join(user, ".cache")
	}
	return filepath.Join(caches, "huggingface")
}

// CacheDir is the folder of the Hub's cache.
func CacheDir() string {
	return cmp.Or(os.Getenv("HF_HUB_CACHE"), os.Getenv("HUGGINGFACE_HUB_CACHE"), filepath.Join(home(), "hub"))
}

// token is the login's, "" without one.
func token() string {
	if offline.IsTrue(os.Getenv("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
		return ""
	}
	given := cmp.Or(os.Getenv("HF_TOKEN"), os.Getenv("HUGGING_FACE_HUB_TOKEN"))
	if given == "" {
		file, _ := os.ReadFile(cmp.Or(os.Getenv("HF_TOKEN_PATH"), filepath.Join(home(), "token")))
		given = string(file)
	}
	return strings.TrimSpace(given)
}

// Reason is an error's own message in one line, without the address that was asked, and what to do where the Hub wants to
// know who asks.
func Reason(err error) error {
	var digest *fetch.DigestError
	if err == nil || errors.As(err, &digest) || errors.Is(err, context.Canceled) {
		return err
	}
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	switch {
	case strings.Contains(line, "status code 401"), strings.Contains(line, "401 Unauthorized"):
		line += " (private, gated or not there: log in with \"hf auth login\" or set HF_TOKEN)"
	case strings.Contains(line, "status code 403"), strings.Contains(line, "403 Forbidden"):
		line += " (this login has no access: ask for it on the repository's page, or log in as somebody who has it)"
	}
	return errors.New(line)
}
