//go:build cgo

package backend

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

// hasCgo tells whether this program can load plugins: that takes C.
const hasCgo = true

// constructXLA loads a plugin and opens its devices. The configuration is go-xla's, but for the number of
// devices, which go-xla has no word for and passes to the plugin as it is.
func constructXLA(config string) (compute.Backend, error) {
	xla.EnableAutoInstall(false)
	options := pjrt.NamedValuesMap{}
	var words []string
	for _, word := range strings.Split(strings.TrimPrefix(config, "xla:"), ",") {
		text, ok := strings.CutPrefix(word, deviceCount+"=")
		if !ok {
			words = append(words, word)
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", word, err)
		}
		options[deviceCount] = n
	}
	var inner compute.Backend
	var err error
	shielded(func() { inner, err = xla.NewWithOptions(strings.Join(words, ","), options) })
	return inner, err
}
