//go:build !linux

package worker

import "net"

// peer is not asked for here: the socket's folder is the user's alone.
func peer(net.Conn) (uid int, known bool, err error) { return 0, false, nil }
