package proxy

import (
	"context"
	"fmt"
	"io"
	"log"
	"time"

	"github.com/go-zeromq/zmq4"
)

// channels are the sockets of one side.
type channels struct {
	shell, control, stdin, iopub zmq4.Socket
	key                          []byte
}

// quiet keeps ZeroMQ's complaints about strangers that knock at a port out of Jupyter's log.
var quiet = zmq4.WithLogger(log.New(io.Discard, "", 0))

// listen binds the ports that Jupyter connects to, and answers its heartbeat from then on.
func listen(ctx context.Context, c Connection) (*channels, error) {
	heart := zmq4.NewRep(ctx, quiet)
	s := &channels{
		shell: zmq4.NewRouter(ctx, quiet), control: zmq4.NewRouter(ctx, quiet), stdin: zmq4.NewRouter(ctx, quiet),
		iopub: zmq4.NewPub(ctx, quiet), key: []byte(c.Key),
	}
	for _, b := range []struct {
		name   string
		socket zmq4.Socket
		port   int
	}{{"shell", s.shell, c.Shell}, {"control", s.control, c.Control}, {"stdin", s.stdin, c.Stdin}, {"iopub", s.iopub, c.IOPub}, {"heartbeat", heart, c.Heartbeat}} {
		if err := b.socket.Listen(c.endpoint(b.port)); err != nil {
			return nil, fmt.Errorf("kernel's %s port: %w", b.name, err)
		}
	}
	go func() {
		for {
			beat, err := heart.Recv()
			if err != nil {
				return
			}
			_ = heart.Send(beat)
		}
	}()
	return s, nil
}

// dial connects to a kernel, which may take a while to listen. The kernel knows this side's shell and stdin
// by the same name: that is how it finds whom to ask for input.
func dial(ctx context.Context, c Connection) (*channels, error) {
	options := []zmq4.Option{quiet, zmq4.WithID(zmq4.SocketIdentity("lpft")), zmq4.WithDialerRetry(10 * time.Millisecond), zmq4.WithDialerMaxRetries(-1)}
	s := &channels{
		shell: zmq4.NewDealer(ctx, options...), control: zmq4.NewDealer(ctx, options...), stdin: zmq4.NewDealer(ctx, options...),
		iopub: zmq4.NewSub(ctx, options...), key: []byte(c.Key),
	}
	if err := s.iopub.SetOption(zmq4.OptionSubscribe, ""); err != nil {
		return nil, err
	}
	for socket, port := range map[zmq4.Socket]int{s.shell: c.Shell, s.control: c.Control, s.stdin: c.Stdin, s.iopub: c.IOPub} {
		if err := socket.Dial(c.endpoint(port)); err != nil {
			return nil, fmt.Errorf("GoNB does not listen: %w", err)
		}
	}
	return s, nil
}

// receive passes a socket's messages on until the socket is closed. What cannot be read is told to complain and dropped.
func (s *channels) receive(ctx context.Context, socket zmq4.Socket, complain func(error)) <-chan message {
	out := make(chan message, 100)
	go func() {
		defer close(out)
		for {
			raw, err := socket.Recv()
			if err != nil {
				return
			}
			m, err := decode(raw.Frames, s.key)
			if err != nil {
				complain(err)
				continue
			}
			select {
			case out <- m:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// send sends a message; a peer that has gone is no error.
func (s *channels) send(socket zmq4.Socket, m message) {
	_ = socket.SendMulti(zmq4.NewMsgFrom(m.encode(s.key)...))
}

// publish sends a message to all who listen, under its type as topic.
func (s *channels) publish(m message) {
	m.addresses = [][]byte{[]byte("kernel." + m.header.Type)}
	s.send(s.iopub, m)
}
