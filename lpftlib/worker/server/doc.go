// Package server is the worker's side of package worker: it answers requests, keeps sessions open between them, lets their steps
// have the engine one after the other, and ends when nobody needs it any more.
//
//	l, err := worker.Listen(worker.Socket(home))
//	s := server.New(server.Options{Home: home, Verbs: server.Verbs(server.NewSessions(home, backend.Open))})
//	err = s.Serve(ctx, l)
package server
