package proxy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMessageThereAndBack(t *testing.T) {
	key := []byte("secret")
	m := newMessage("s", "execute_request", []byte(`{"msg_id":"p"}`), object{"code": "é"})
	m.addresses, m.buffers = [][]byte{{0, 1}, []byte("b")}, [][]byte{{1, 2, 3}}
	frames := m.encode(key)
	got, err := decode(frames, key)
	require.NoError(t, err)
	m.metadata = []byte("{}")
	require.Equal(t, m, got)

	_, err = decode(frames, []byte("other"))
	require.ErrorContains(t, err, "wrong signature")
	frames[len(frames)-2] = []byte(`{"code":"changed"}`)
	_, err = decode(frames, key)
	require.ErrorContains(t, err, "wrong signature")
	_, err = decode(frames[:4], key)
	require.ErrorContains(t, err, "message of 4 frames")
	unsigned, err := decode(m.encode(nil), nil)
	require.NoError(t, err)
	require.Equal(t, m.header, unsigned.header)
	_, err = decode(newMessage("s", "", nil, nil).encode(key), key)
	require.ErrorContains(t, err, "expected a msg_type")
}

// The signature is that of Python's hmac over the four parts, in hex.
func TestSignature(t *testing.T) {
	require.Equal(t, "ca767b02", string(sign([]byte("key"), [][]byte{[]byte("{}"), []byte("{}"), []byte("{}"), []byte("{}")}))[:8])
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("a"), []byte("<IDS|MSG>"), []byte("{}"))
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		for _, frames := range [][][]byte{{a, b, c}, {a, delimiter, b, c, a, b, c}, {delimiter, nil, a, b, c, a}, {}} {
			_, _ = decode(frames, nil)
			_, _ = decode(frames, []byte("k"))
		}
	})
}
