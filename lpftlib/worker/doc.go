// Package worker is how a notebook's cell has something computed without linking an engine: it asks a resident process, the
// worker, which is `lpft` itself. The worker keeps the engine, pre-trained weights on its device, compiled programs and
// tokenised data between cells and notebooks; results are in the store, so that a worker that is killed loses nothing else.
//
//	c := worker.New(home, worker.Study{Profile: "demo"}, progress.Notebook())
//	lp, err := worker.Call(ctx, c, worker.Probe, worker.SeedArgs{Task: "cb", Seed: 1001})
//
// Both speak JSON lines over a Unix socket below LPFT_HOME, one connection a request. The worker says first who it is
// ([Hello]), the client says what it wants ([Request]); then come lines of progress and at last a result or an error ([Answer]).
// A client that says [Stop] meanwhile has its work cancelled, which leaves a checkpoint. One that just goes away does not:
// whoever closes a browser finds the result later.
//
// The first cell that needs a worker starts it. It belongs to no notebook: a kernel's restart leaves it alone. When it was idle
// for some time it gives back what it keeps, and ends if no notebook is open; at once it ends by `lpft worker stop`. LPFT_WORKER=off gives
// a cell a worker of its own, which ends with it; LPFT_WORKER=/path/of/a/socket names another.
//
// Nobody else can use it: the socket's folder is the user's alone (0700), and who connects must be the same user. It listens on no
// network. Access tokens of the Hugging Face Hub are kept from it (package internal/huggingface names where else it finds
// one); a worker of the cell's own has the cell's environment whole.
package worker
