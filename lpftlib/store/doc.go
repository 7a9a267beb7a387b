// Package store keeps the results of expensive steps on disk, so that no step runs twice.
//
// A notebook's cell is a process of its own: nothing it computes survives in memory. So every
// expensive step of this library is a function of its inputs whose result is a folder on disk,
// an artefact, named by a hash of everything it depends on. A second call returns at once; a
// call with another number computes what depends on that number and nothing else.
//
//	st, err := store.Open(filepath.Join(home, "store"))
//	step := store.Step{
//		Kind: "probe", Version: 1, Label: "LP cb, seed 1001",
//		Inputs: probeInputs{Features: features.Key, Seed: 1001},
//	}
//	a, err := st.Do(ctx, step, func(ctx context.Context, w *store.Work) error {
//		head, err := fit(ctx)                       // hours
//		if err != nil {
//			return err                               // nothing is published
//		}
//		return w.WriteNpy("weight.npy", []int{classes, hidden}, head)
//	})
//	weight, err := a.ReadNpy("weight.npy")          // [C, h]
//
// # Keys
//
// The key is the SHA-256 of the canonical JSON ([DigestJSON]) of the step's kind, version and
// inputs. Inputs name data and models by digest and upstream artefacts by their keys, so a
// change anywhere travels down. Version is raised when the code of a step changes its meaning.
// Only exported, JSON-encodable fields count.
//
// # What may go wrong, and what then happens
//
//   - The process is killed, even with kill -9, while it computes: nothing was published. The
//     lock died with the process, the next start sweeps the remains and computes again. What
//     the step kept in [Work.ResumeDir] is there for it to continue from.
//   - Two processes want the same artefact: one computes, the other waits and then reads it. Who waits
//     hears how far the other is ([Store.Report], [Store.OnWait]).
//   - A file of an artefact is torn, altered, missing or belongs to another key: it is refused
//     with its name ([RefusedError]), never read. [Store.Do] moves the artefact aside as
//     <key>.bad-<n> and computes it again; [Store.Lookup] returns the error.
//   - The step fails, panics or is cancelled: nothing is published, ResumeDir stays.
//   - The store cannot be written: what is in it is found, computing anything is an error.
//   - Files of an artefact that nothing needs any more were dropped ([Store.Lighten]): the manifest says which, and is
//     sealed again. The rest is found as before; a step that needs every file ([Step.Whole]) is computed again.
//   - A step writes a number that is not finite ([Work.WriteNpy], [Work.WriteNpz]): nothing is published.
//
// [Store.Verify] reads everything and says what is wrong, [Store.Leftovers] what is no part of an artefact,
// [Needs] what was made from what; [Store.Export] and [Store.Import] take artefacts to another machine.
//
// # On disk
//
//	<kind>/<first 16 hex digits of the key>/   one artefact
//		manifest.json                          what it is, its files' digests, provenance
//		...                                    JSON, .npy, .npz, .safetensors
//	log.jsonl                                  one [Event] a line
//	.staging/  .resume/  .locks/               work under way
//
// An artefact is written to .staging, every file and folder is flushed to disk, its manifest
// last, and it is then renamed into place in one step. Arrays are in NumPy's formats
// ([npy.WriteNpy], [npy.WriteNpz]), so Python reads what Go wrote.
package store
