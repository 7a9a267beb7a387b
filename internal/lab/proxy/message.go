package proxy

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// delimiter stands between a message's return addresses and its parts.
var delimiter = []byte("<IDS|MSG>")

// header says what a message is and who sent it.
type header struct {
	ID       string `json:"msg_id"`
	Session  string `json:"session"`
	Username string `json:"username"`
	Date     string `json:"date"`
	Type     string `json:"msg_type"`
	Version  string `json:"version"`
}

// message is one message of the protocol. The parts stay JSON, so that what nobody here looks at passes unchanged.
type message struct {
	addresses [][]byte // to whom the answer goes
	header    header
	rawHeader json.RawMessage
	parent    json.RawMessage
	metadata  json.RawMessage
	content   json.RawMessage
	buffers   [][]byte
}

// decode reads a message from its frames and checks the signature. An empty key means unsigned.
func decode(frames [][]byte, key []byte) (m message, err error) {
	at := -1
	for i, f := range frames {
		if bytes.Equal(f, delimiter) {
			at = i
			break
		}
	}
	if at < 0 || len(frames) < at+6 {
		return m, fmt.Errorf("message of %d frames: expected addresses, %s, a signature and four parts", len(frames), delimiter)
	}
	signature, parts := frames[at+1], frames[at+2:at+6]
	if len(key) > 0 && !hmac.Equal(signature, sign(key, parts)) {
		return m, errors.New("message with a wrong signature: it is not of the Jupyter that started this kernel")
	}
	m = message{addresses: frames[:at], rawHeader: parts[0], parent: parts[1], metadata: parts[2], content: parts[3], buffers: frames[at+6:]}
	if err := json.Unmarshal(m.rawHeader, &m.header); err != nil {
		return m, fmt.Errorf("message's header: %w", err)
	}
	if m.header.Type == "" {
		return m, errors.New("message's header: expected a msg_type")
	}
	return m, nil
}

// encode writes a message's frames.
func (m message) encode(key []byte) [][]byte {
	parts := [][]byte{m.rawHeader, orEmpty(m.parent), orEmpty(m.metadata), orEmpty(m.content)}
	frames := append([][]byte{}, m.addresses...)
	frames = append(frames, delimiter, sign(key, parts))
	return append(append(frames, parts...), m.buffers...)
}

// sign is the signature of the four parts, in hex; none without a key.
func sign(key []byte, parts [][]byte) []byte {
	if len(key) == 0 {
		return []byte{}
	}
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return hex.AppendEncode(nil, mac.Sum(nil))
}

func orEmpty(part json.RawMessage) json.RawMessage {
	if len(part) == 0 {
		return json.RawMessage("{}")
	}
	return part
}

// object is a JSON object that this package writes.
type object = map[string]any

// newMessage is a message of this kernel's own. Content that JSON cannot hold is a mistake in this package.
func newMessage(session, kind string, parent json.RawMessage, content any) message {
	h := header{ID: rand.Text(), Session: session, Username: "kernel", Date: time.Now().UTC().Format(time.RFC3339Nano), Type: kind, Version: protocolVersion}
	return message{header: h, rawHeader: toJSON(h), parent: parent, content: toJSON(content)}
}

func toJSON(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("proxy: %T is no JSON: %v", v, err))
	}
	return text
}

// read takes a part into v; what does not fit stays as it was.
func read[T any](part json.RawMessage) (v T) {
	_ = json.Unmarshal(part, &v)
	return v
}
